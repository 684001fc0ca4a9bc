import { handleServerSignals, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { openFeed } from '../terminal/feed.js';
import type { Listing } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { startInstance } from './instance-process.js';
import type { ServeOptions } from './serve-options.js';
import { Supervisor } from './supervisor.js';

/**
 * How long instances may take to end in addition to `--lame-duck`, in milliseconds. Running calls get 10 seconds, and the commands
 * that run then two more.
 */
const END_TIME = 20_000;

interface ReadyInstance {
  readonly instance: number;
  readonly url: string;
  readonly kite: string;
}

const listing: Listing<ReadyInstance> = {
  columns: [
    { heading: 'instance', text: ({ instance }) => String(instance) },
    { heading: 'URL', text: ({ url }) => url },
    { heading: 'kite', text: ({ kite }) => kite },
  ],
  data: (ready) => ready,
  name: ({ url }) => url,
};

/**
 * Runs instances of the kite as processes, each on its own port, until `signal` fires. This process neither listens nor registers:
 * it starts instances again that end, passes signals on, and prints their URLs.
 *
 * @throws CliError if the instances cannot be started, or if one does not end as it should
 */
export async function serveInstances(
  {
    instances,
    lameDuck,
    warnings,
    format,
  }: Pick<ServeOptions, 'lameDuck' | 'warnings'> & {
    readonly instances: number;
    readonly format: OutputFormat | undefined;
  },
  runtime: CommandRuntime,
): Promise<void> {
  const { clock, env, signal } = runtime;
  const logger = loggerFor(runtime);
  for (const text of warnings) logger.warn(text);
  const print = format && (await openFeed(listing, format, runtime));
  let printing = Promise.resolve();
  const supervisor = new Supervisor({
    instances,
    start: (instance, listeners) => startInstance(instance, env, listeners),
    ready: (instance, { url, kite }) => {
      if (print) printing = printing.then(() => print({ instance, url, kite }));
    },
    endTimeout: lameDuck + END_TIME,
    clock,
    logger,
  });
  runtime.deferExit();
  runtime.beforeForcedExit(() => supervisor.endAtOnce());
  handleServerSignals([{ what: 'the instances', reload: () => supervisor.reload() }], logger, {
    onServerSignals: ({ reload, toggleDebug }) =>
      runtime.onServerSignals({
        reload,
        toggleDebug: () => {
          toggleDebug();
          supervisor.toggleDebug();
        },
      }),
  });
  // While all instances wait to be started again, nothing else keeps this process alive.
  const alive = setInterval(() => {}, 60_000);
  try {
    await supervisor.run(waitForAbort(signal));
  } finally {
    clearInterval(alive);
  }
}
