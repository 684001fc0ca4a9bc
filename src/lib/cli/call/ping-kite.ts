import type { DialedKite } from '../target/dial-first.js';
import type { ConnectOptions } from '../target/with-connection.js';
import { toCliError } from '../frame/failures.js';
import type { Feed } from '../terminal/feed.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface PingOptions extends ConnectOptions {
  /** Number of pings to send, one after the other. */
  readonly count: number;
  readonly format: OutputFormat | undefined;
  /** Whether to ping every kite of the query. */
  readonly all: boolean;
}

export interface Pong {
  readonly url: string;
  readonly milliseconds: number;
}

/** Pings a kite, and prints how long each answer takes. */
export async function pingKite(
  { client, url, operationFor }: DialedKite,
  count: number,
  print: Feed<Pong>,
  runtime: Pick<CommandRuntime, 'now'>,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const start = runtime.now();
    await client.call('kite.ping', []).catch((error: unknown) => {
      throw toCliError(error, operationFor('kite.ping'));
    });
    const milliseconds = Math.round((runtime.now() - start) * 1000) / 1000;
    await print({ url, milliseconds });
  }
}
