import { type Auth, type Client, Kite } from '../../index.js';
import type { CliError } from '../runtime/cli-error.js';
import { type Timing, timingOf } from './timing.js';
import { chooseKey, type KeyOptions } from './choose-key.js';
import { type Doing, toCliError } from '../frame/failures.js';
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

/** A kite that may be called, and the credentials for it. */
export interface Offer {
  readonly url: string;
  readonly auth: Auth | null;
}

export interface Connected {
  readonly client: Client;
  /** The kite that is connected. */
  readonly url: string;
  /** Tells the person what takes long. */
  readonly spinner: Spinner;
  /** What the calls over this connection are doing, for when they fail. */
  readonly doing: (method: string) => Doing;
  /** One more connection to the same kite, closed with this one. */
  readonly another: () => Promise<Client>;
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

/** Dials one after the other until a connection stands. Rejects with what stood in the way of the last. */
export async function dialFirst(
  offers: readonly Offer[],
  spinner: Spinner,
  connect: (offer: Offer) => Client,
): Promise<Connected> {
  let failure: CliError | undefined;
  for (const offer of offers) {
    const { url } = offer;
    const client = connect(offer);
    try {
      await spinner.during(`Connecting to ${url}`, () => client.dial());
    } catch (error) {
      failure = toCliError(error, { what: '', target: url });
      client.close();
      continue;
    }
    return {
      client,
      url,
      spinner,
      doing: (method) => ({
        what: `calling ${JSON.stringify(method)} at ${url}`,
        target: url,
        withKey: offer.auth !== null,
      }),
      another: async () => {
        const one = connect(offer);
        await one.dial().catch((error: unknown) => {
          throw toCliError(error, { what: '', target: url });
        });
        return one;
      },
    };
  }
  throw failure ?? new Error('There is nothing to dial');
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
    const key = await chooseKey({ ...options, target: target.url }, surroundings.env);
    return [{ url: target.url, auth: key === undefined ? null : { type: 'kiteKey', key } }];
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
