import { type ConnectionOptions, withConnection } from './connection.js';
import { toCliError } from './failures.js';
import { toJson } from './json.js';
import { type Surroundings, write } from './surroundings.js';

export interface PingOptions extends ConnectionOptions {
  /** How many pings to send, one after the other. */
  readonly count: number;
  /** Print one JSON object `{url, milliseconds}` a ping. */
  readonly json: boolean;
}

/**
 * Calls `kite.ping`, which every kite answers without authentication, and prints how long the answer took; the time to
 * connect is not part of it.
 */
export async function ping(options: PingOptions, surroundings: Surroundings): Promise<void> {
  const { count, json } = options;
  const { stdout } = surroundings;
  await withConnection(options, surroundings, async ({ client, url, doing }) => {
    for (let i = 0; i < count; i++) {
      const start = surroundings.now();
      await client.call('kite.ping', []).catch((error: unknown) => {
        throw toCliError(error, doing('kite.ping'));
      });
      const milliseconds = Math.round((surroundings.now() - start) * 1000) / 1000;
      const line = json ? toJson({ url, milliseconds }) : `pong from ${url} in ${milliseconds.toFixed(1)} ms`;
      await write(stdout, `${line}\n`);
    }
  });
}
