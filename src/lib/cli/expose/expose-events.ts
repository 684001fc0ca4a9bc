import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/make-visible.js';
import { openFeed } from '../terminal/feed.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { Logger } from '../../util/logger.js';
import { LineGate, omittedLines } from '../runtime/line-gate.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { SessionEvents } from './exposed-kite.js';

/** Where an exposed kite can be reached. */
export interface ExposedEndpoint {
  readonly kite: string;
  readonly url: string;
  readonly local: string;
}

/** Events of an exposed kite. */
export interface ExposeEvents extends SessionEvents {
  registered(reached: ExposedEndpoint): void;
}

type ExposeEvent =
  | ({ readonly event: 'registered' } & ExposedEndpoint)
  | { readonly event: 'opened' | 'closed'; readonly session: number; readonly sessions: number }
  | { readonly event: 'failed'; readonly session: number; readonly error: string };

/** Reports events: all of them on stdout if there is a format, otherwise registrations and failures on stderr. */
export async function openEvents(
  { format }: { readonly format: OutputFormat | undefined },
  logger: Logger,
  runtime: CommandRuntime,
): Promise<ExposeEvents> {
  if (format === undefined) return logEvents(logger, runtime);
  const feed = await openFeed<ExposeEvent>(
    {
      columns: [
        { heading: 'event', text: ({ event }) => event },
        { heading: 'session', text: (event) => ('session' in event ? String(event.session) : '') },
        { heading: 'sessions', text: (event) => ('sessions' in event ? String(event.sessions) : '') },
        { heading: 'detail', text: describeEvent },
        { heading: 'local', text: (event) => ('local' in event ? event.local : ''), wide: true },
      ],
      data: (event) => event,
      name: (event) => ('kite' in event ? event.kite : ''),
    },
    format,
    runtime,
  );
  const gate = new LineGate(runtime.stdout, (omitted) => logger.warn(omittedLines(omitted)));
  const print = (event: ExposeEvent): void => {
    // Only registrations have a name to print.
    if ((format !== 'name' || event.event === 'registered') && gate.admits()) void feed(event);
  };
  return {
    registered: (reached) => print({ event: 'registered', ...reached }),
    opened: (session, sessions) => print({ event: 'opened', session, sessions }),
    closed: (session, sessions) => print({ event: 'closed', session, sessions }),
    failed: (session, error) => print({ event: 'failed', session, error: messageOf(error) }),
  };
}

function logEvents(logger: Logger, runtime: CommandRuntime): ExposeEvents {
  return {
    registered: ({ kite, url, local }) => {
      runtime.stderr.write(`${local} is available as ${makeVisible(kite)} at ${makeVisible(url)}\n`);
    },
    opened: () => undefined,
    closed: () => undefined,
    failed: (_session, error) => logger.warn(messageOf(error)),
  };
}

function describeEvent(event: ExposeEvent): string {
  if (event.event === 'registered') return `${event.kite} at ${event.url}`;
  return event.event === 'failed' ? event.error : '';
}
