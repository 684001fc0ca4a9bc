import { type Client, Kite } from '../../index.js';
import { type Timing, timingOf } from './timing.js';
import { chooseKey, type KeyOptions } from './choose-key.js';
import { type Connected, dialFirst, type Offer } from './dial-first.js';
import { letRemoteSpeak } from './caller-methods.js';
import { Spinner } from '../terminal/spinner.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import type { Target } from './target.js';
import type { TransportName } from './transports.js';

export interface ConnectionOptions extends Omit<KeyOptions, 'target'> {
  readonly target: Target;
  /** Where to look a query up. Undefined: at `KITE_KONTROL_URL`, or where the kite key says. */
  readonly kontrol: readonly string[] | undefined;
  /** Undefined: what the library takes, from `KITE_TRANSPORT` or `auto`. */
  readonly transport: TransportName | undefined;
  /** Milliseconds for a call, 0 = none. Undefined: what the library takes, from `KITE_TIMEOUT` or 15,000. */
  readonly timeout: number | undefined;
  /** Whether the remote may ask the person. Default false. */
  readonly interactive?: boolean;
}

/**
 * Opens a connection to a kite, uses it, and closes it, also when the person interrupts. Meanwhile the remote may write
 * to this person's stderr with `kite.log` and `kite.print`, ask them where it is `interactive`, and nothing else.
 *
 * Of several kites that a query finds, the next is dialled where one cannot be reached. What `use` does is done once.
 */
export async function withConnection<Result>(
  options: ConnectionOptions,
  surroundings: Surroundings,
  use: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const { signal } = surroundings;
  const spinner = new Spinner(surroundings);
  const timing = patient(options, surroundings.env);
  const offers = await offersOf(options, surroundings);
  const kite = new Kite('kitectl', surroundings.version, { kiteKey: false, env: surroundings.env });
  const clients = new Set<Client>();
  // What waits for the remote rejects then; why, says the signal, or who left a question.
  const close = (): void => {
    for (const client of clients) client.close();
  };
  const { interactive = false } = options;
  const remote = letRemoteSpeak(kite, interactive, { surroundings, spinner, leave: close });
  signal.addEventListener('abort', close, { once: true });
  try {
    const dialled = await dialFirst(offers, spinner, (offer) => {
      signal.throwIfAborted();
      const client = newClient(kite, offer, { ...timing, trusted: remote.trusted });
      clients.add(client);
      return client;
    });
    return await use(dialled);
  } catch (error) {
    signal.throwIfAborted();
    throw remote.left() ?? error;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** A person needs longer to answer than a call may take. */
function patient(options: ConnectionOptions, env: Surroundings['env']): Timing {
  const timing = timingOf(options, env);
  if (options.interactive !== true || timing.timeout !== undefined || env['KITE_TIMEOUT']) return timing;
  return { ...timing, timeout: 0 };
}

async function offersOf(options: ConnectionOptions, surroundings: Surroundings): Promise<readonly Offer[]> {
  const { target } = options;
  if (target.type === 'url') {
    const { url } = target;
    const chosen = await chooseKey({ ...options, target: url }, surroundings.env);
    if (!chosen) return [{ url, auth: null }];
    const { key, onlyLoopback } = chosen;
    return [{ url, auth: { type: 'kiteKey', key }, onlyLoopback }];
  }
  // What asks Kontrol is loaded by those who ask it.
  const { discover } = await import('./discovery.js');
  return discover(target, options, surroundings);
}

function newClient(
  kite: Kite,
  offer: Offer,
  { transport, timeout, trusted }: Timing & { readonly trusted: readonly string[] },
): Client {
  return kite.newClient(offer.url, {
    ...(transport && { transport }),
    auth: offer.auth,
    trustRemote: trusted,
    ...(timeout === undefined ? {} : { timeout }),
  });
}
