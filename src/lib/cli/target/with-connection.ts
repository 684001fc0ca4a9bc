import { type Client, Kite } from '../../index.js';
import { chooseKey } from './choose-key.js';
import { type ConnectedKite, dialFirst, type DialCandidate } from './dial-first.js';
import { addCallerMethods } from './caller-methods.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { Target } from './target.js';

export interface ConnectionOptions {
  readonly target: Target;
  /** How to connect, with which kite key, and where to look a query up. */
  readonly settings: CommandSettings;
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
  runtime: CommandRuntime,
  use: (connected: ConnectedKite) => Promise<Result>,
): Promise<Result> {
  const { signal } = runtime;
  const spinner = new Spinner(runtime);
  const timeout = callTimeout(options);
  const offers = await findCandidates(options, runtime);
  const kite = new Kite('kitectl', runtime.version, { kiteKey: false, env: runtime.env });
  const clients = new Set<Client>();
  // What waits for the remote rejects then; why, says the signal, or who left a question.
  const close = (): void => {
    for (const client of clients) client.close();
  };
  const { interactive = false } = options;
  const remote = addCallerMethods(kite, interactive, { runtime, spinner, leave: close });
  signal.addEventListener('abort', close, { once: true });
  try {
    const dialled = await dialFirst(offers, spinner, (offer) => {
      signal.throwIfAborted();
      const client = kite.newClient(offer.url, {
        transport: options.settings.value(commonSettings.transport),
        timeout,
        auth: offer.auth,
        trustRemote: remote.allowed,
      });
      clients.add(client);
      return client;
    });
    return await use(dialled);
  } catch (error) {
    signal.throwIfAborted();
    throw remote.cancelled() ?? error;
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** Milliseconds for a call. A person needs longer to answer than a call may take. */
function callTimeout({ settings, interactive = false }: ConnectionOptions): number {
  const { value, source } = settings.resolve(commonSettings.timeout);
  return interactive && source.type === 'default' ? 0 : value;
}

async function findCandidates(
  options: ConnectionOptions,
  runtime: CommandRuntime,
): Promise<readonly DialCandidate[]> {
  const { target, settings } = options;
  if (target.type === 'url') {
    const { url } = target;
    const chosen = await chooseKey(url, settings);
    if (!chosen) return [{ url, auth: null }];
    const { key, onlyLoopback } = chosen;
    return [{ url, auth: { type: 'kiteKey', key }, onlyLoopback }];
  }
  // What asks Kontrol is loaded by those who ask it.
  const { discover } = await import('./discovery.js');
  return discover(target, settings, runtime);
}
