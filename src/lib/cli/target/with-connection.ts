import { type Auth, type Client, Kite } from '../../index.js';
import type { DialedPeer } from '../../kite/kite-options.js';
import { ATTEMPTS_OF_CALL } from '../../kite/limits/kite-limits.js';
import { mayRepeat } from '../../kite/service/attempts.js';
import { isKiteError } from '../../protocol/errors.js';
import { isCliError } from '../runtime/cli-error.js';
import { chooseKey } from './choose-key.js';
import { toCliError } from '../frame/failures.js';
import {
  type DialCandidate,
  type DialedKite,
  dialFirst,
  type FailedKites,
  lastFailure,
} from './dial-first.js';
import { addCallerMethods } from './caller-methods.js';
import { InputGate } from './input-gate.js';
import { readAccess } from './read-access.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { clientEnvironment } from '../settings/client-environment.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import type { Target } from './target.js';

export interface ConnectOptions {
  readonly target: Target;
  /** The settings of the connection, and of the lookup of a query. */
  readonly settings: CommandSettings;
  /** Whether the remote kite may prompt the user. Default: false. */
  readonly interactive?: boolean;
  /** Whether `use` can be called again with another kite, after it has failed. Default: false. */
  readonly repeatable?: () => boolean;
  /** Whether `use` can be called again although a call may have run. Default: false. */
  readonly idempotent?: boolean;
  /** Whether everything that the remote kite logs is printed. Default: false. */
  readonly allLogs?: boolean;
}

/** What the connections of a command to many kites share. */
export interface SharedOutput {
  readonly gate: InputGate;
  readonly spinner: Spinner;
  /** Begins each message that the kite logs. */
  readonly label: string;
}

/**
 * Connects to a kite, calls `use`, and closes the connection afterwards and on a signal. During this, the remote kite may write to
 * stderr with `kite.log` and `kite.print` and, if `interactive` is set, prompt the user. It may call nothing else.
 *
 * If a query finds several kites and one is unreachable, dials the next. `use` is called once, or, with `repeatable`, again with
 * the next kite if a call has failed as a service would make it again: because it has not run, for example because the kite is
 * shutting down, or with `idempotent`.
 */
export async function withConnection<Result>(
  options: ConnectOptions,
  runtime: CommandRuntime,
  use: (connected: DialedKite) => Promise<Result>,
): Promise<Result> {
  return connectTo(await findCandidates(options, runtime), options, runtime, use);
}

/** Like `withConnection`, with the kites that were found. */
export async function connectTo<Result>(
  candidates: readonly DialCandidate[],
  options: Omit<ConnectOptions, 'target'>,
  runtime: CommandRuntime,
  use: (connected: DialedKite) => Promise<Result>,
  shared?: SharedOutput,
): Promise<Result> {
  const { signal } = runtime;
  const spinner = shared ? Spinner.within(shared.spinner, runtime) : new Spinner(runtime);
  const timeout = callTimeout(options);
  const gate = shared?.gate ?? new InputGate(runtime);
  const kite = new Kite(
    'kitectl',
    runtime.version,
    {
      kiteKey: false,
      env: clientEnvironment(runtime.env),
      numbers: 'literal',
      serverAccess: readAccess(options.settings),
    },
    { replaceDialed: (channel) => gate.watch(channel) },
  );
  const clients = new Set<Client>();
  // Pending calls then reject. The signal or the cancelled prompt has the actual reason.
  const close = (): void => {
    for (const client of clients) client.close();
  };
  // The calls that end with the signal are canceled at the peer first.
  const onSignal = (): void => queueMicrotask(close);
  const { interactive = false, allLogs = false, idempotent = false } = options;
  const permissions = { interactive, allLogs, label: shared?.label ?? '' };
  const remote = addCallerMethods(kite, permissions, { runtime, spinner, cancel: close });
  signal.addEventListener('abort', onSignal, { once: true });
  try {
    const connect = (candidate: DialCandidate): Client => {
      signal.throwIfAborted();
      const client = kite.newClient(candidate.url, {
        transport: options.settings.value(commonSettings.transport),
        timeout,
        auth: candidate.auth,
        trustRemote: remote.allowed,
      });
      clients.add(client);
      return client;
    };
    const failed: FailedKites = [];
    for (let left = candidates, calls = 1; ; calls++) {
      const connected = await dialFirst(left, { spinner, runtime }, connect, failed);
      try {
        return await use(connected);
      } catch (error) {
        left = connected.rest;
        const isLast = left.length === 0 || calls === ATTEMPTS_OF_CALL;
        if (signal.aborted || !canRepeat(error, idempotent) || options.repeatable?.() !== true) throw error;
        failed.push({ kite: connected, error: toCliError(error) });
        if (isLast) throw lastFailure(failed) ?? error;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw remote.cancelled() ?? error;
  } finally {
    signal.removeEventListener('abort', onSignal);
    await kite.close();
    remote.end();
  }
}

/** Whether a command that has failed with a call may make it again, as a service would. */
export function canRepeat(error: unknown, idempotent: boolean): boolean {
  const cause = isCliError(error) ? error.cause : error;
  return isKiteError(cause) && mayRepeat(cause, idempotent);
}

/**
 * Returns the timeout of a call in milliseconds. By default, an interactive call has none, because the user needs time to answer.
 */
function callTimeout({ settings, interactive = false }: Omit<ConnectOptions, 'target'>): number {
  const { value, source } = settings.resolve(commonSettings.timeout);
  return interactive && source.type === 'default' ? 0 : value;
}

async function findCandidates(
  options: ConnectOptions,
  runtime: CommandRuntime,
): Promise<readonly DialCandidate[]> {
  const { target, settings } = options;
  if (target.type === 'url') {
    const { url } = target;
    const chosen = await chooseKey(url, settings);
    if (!chosen) return [{ url, auth: null }];
    const { found, always } = chosen;
    if (always) return [{ url, auth: { type: 'kiteKey', key: found.key.jwt } }];
    // Loaded on demand: most calls need no credentials.
    const authOnDemand = async (peer: DialedPeer): Promise<Auth> =>
      (await import('./auth-on-demand.js')).authOnDemand(peer, found, settings, runtime);
    return [{ url, auth: null, authOnDemand }];
  }
  // Loaded on demand: a URL needs no lookup.
  const { discover } = await import('./discovery.js');
  return discover(target, settings, runtime);
}
