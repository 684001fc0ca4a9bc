import { type ConnectOptions, withConnection } from '../target/with-connection.js';
import { toCliError } from '../frame/failures.js';
import { openFeed } from '../terminal/feed.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface PingOptions extends ConnectOptions {
  /** Number of pings to send, one after the other. */
  readonly count: number;
  readonly format: OutputFormat | undefined;
}

interface Pong {
  readonly url: string;
  readonly milliseconds: number;
}

const pongs = {
  columns: [
    { heading: 'URL', text: ({ url }: Pong) => url },
    { heading: 'ms', text: ({ milliseconds }: Pong) => milliseconds.toFixed(1) },
  ],
  data: (pong: Pong) => pong,
  name: ({ url }: Pong) => url,
  line: ({ url, milliseconds }: Pong) => [`pong from ${url} in ${milliseconds.toFixed(1)} ms`],
  lines: true,
};

/**
 * Calls `kite.ping`, which every kite answers without authentication, and prints the latency. It does not include the time to
 * connect.
 */
export async function ping(options: PingOptions, runtime: CommandRuntime): Promise<void> {
  const { count, format } = options;
  const print = await openFeed(pongs, format, runtime);
  await withConnection(options, runtime, async ({ client, url, operationFor }) => {
    for (let i = 0; i < count; i++) {
      const start = runtime.now();
      await client.call('kite.ping', []).catch((error: unknown) => {
        throw toCliError(error, operationFor('kite.ping'));
      });
      const milliseconds = Math.round((runtime.now() - start) * 1000) / 1000;
      await print({ url, milliseconds });
    }
  });
}
