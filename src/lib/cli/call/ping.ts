import { withConnection } from '../target/with-connection.js';
import { openFeed } from '../terminal/feed.js';
import { type PingOptions, pingKite, type Pong } from './ping-kite.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

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
  if (options.all) {
    // Loaded on demand, with the lookup of kites.
    const { pingAll } = await import('./ping-all.js');
    return pingAll(options, runtime);
  }
  const print = await openFeed(pongs, options.format, runtime);
  await withConnection(options, runtime, (connected) => pingKite(connected, options.count, print, runtime));
}
