import { toErrorData } from '../frame/report-failure.js';
import type { CliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { isDataFormat } from '../terminal/document.js';
import { openFeed } from '../terminal/feed.js';
import { atAllKites, type CalledKite } from './at-all-kites.js';
import { pingKite, type PingOptions } from './ping-kite.js';

/** A ping of one of several kites: how long its answer took, or why there is none. */
interface Ping {
  readonly kite: CalledKite;
  readonly milliseconds?: number;
  readonly error?: CliError;
}

const pings = {
  columns: [
    { heading: 'kite', text: ({ kite }: Ping) => kite.path },
    { heading: 'URL', text: ({ kite }: Ping) => kite.url, wide: true },
    { heading: 'ms', text: ({ milliseconds = 0 }: Ping) => milliseconds.toFixed(1) },
  ],
  data: ({ kite: { kite, url }, milliseconds, error }: Ping) => ({
    kite,
    url,
    ...(error ? { error: toErrorData(error) } : { milliseconds }),
  }),
  name: ({ kite }: Ping) => kite.path,
  line: ({ kite, milliseconds = 0 }: Ping) => [`pong from ${kite.path} in ${milliseconds.toFixed(1)} ms`],
  lines: true,
};

/** Pings every kite of a query, and prints the latency of each as it answers. Failures are reported as by `call --all`. */
export async function pingAll(options: PingOptions, runtime: CommandRuntime): Promise<void> {
  const { count, format } = options;
  const print = await openFeed(pings, format, runtime);
  // One after the other, as fast as they are read.
  let last = Promise.resolve();
  const printNext = (ping: Ping): Promise<void> => (last = last.then(() => print(ping)));
  await atAllKites(
    options,
    {
      begin: () => {},
      ask: (kite, connected, _signal, answered) =>
        pingKite(
          connected,
          count,
          ({ milliseconds }) => {
            answered();
            return printNext({ kite, milliseconds });
          },
          runtime,
        ),
      failed: (kite, error) => isDataFormat(format) && printNext({ kite, error }),
    },
    runtime,
  );
}
