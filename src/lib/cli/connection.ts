import { type Client, Kite } from '../index.js';
import { makeVisible } from '../util/visible.js';
import { chooseKey, type KeyOptions } from './credentials.js';
import { type Doing, toCliError } from './failures.js';
import { toJson } from './json.js';
import type { Surroundings } from './surroundings.js';

/** The names of `--transport`, and what the library calls them. */
export const transports = {
  auto: 'auto',
  websocket: 'WebSocket',
  raw: 'RawWebSocket',
  xhr: 'XHRPolling',
} as const;

export interface ConnectionOptions extends KeyOptions {
  readonly target: string;
  /** Undefined: what the library takes, from `KITE_TRANSPORT` or `auto`. */
  readonly transport: keyof typeof transports | undefined;
  /** Milliseconds for a call, 0 = none. Undefined: what the library takes, from `KITE_TIMEOUT` or 15,000. */
  readonly timeout: number | undefined;
}

export interface Connected {
  readonly client: Client;
  /** What the calls over this connection are doing, for when they fail. */
  readonly doing: (method: string) => Doing;
}

/**
 * Opens a connection to a kite, uses it, and closes it, also when the person interrupts. Meanwhile the remote may write
 * to this person's stderr with `kite.log` and `kite.print`, and nothing else.
 */
export async function withConnection<Result>(
  options: ConnectionOptions,
  surroundings: Surroundings,
  use: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const key = chooseKey(options, surroundings.env);
  const kite = new Kite('kitectl', surroundings.version, { kiteKey: false, env: surroundings.env });
  for (const method of ['kite.log', 'kite.print']) {
    kite.handle(method, (request) => {
      const text = request.args.map((value) => (typeof value === 'string' ? value : toJson(value))).join(' ');
      surroundings.stderr.write(`${makeVisible(text.replace(/\n$/, ''))}\n`);
      return null;
    });
  }
  const client = kite.newClient(options.target, {
    ...(options.transport === undefined ? {} : { transport: transports[options.transport] }),
    auth: key === undefined ? null : { type: 'kiteKey', key },
    trustRemote: ['kite.log', 'kite.print'],
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  // What waits for the remote rejects then; why, says the signal.
  const close = (): void => client.close();
  surroundings.signal.addEventListener('abort', close, { once: true });
  const { target } = options;
  try {
    await client.dial().catch((error: unknown) => {
      throw toCliError(error, { what: '', target });
    });
    return await use({
      client,
      doing: (method) => ({
        what: `calling ${JSON.stringify(method)} at ${target}`,
        target,
        withKey: key !== undefined,
      }),
    });
  } catch (error) {
    surroundings.signal.throwIfAborted();
    throw error;
  } finally {
    surroundings.signal.removeEventListener('abort', close);
    close();
  }
}
