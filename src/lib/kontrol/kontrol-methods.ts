import { requireAdministrator } from '../kite/serve/administrator.js';
import type { Kite } from '../kite/kite.js';
import type { Method } from '../kite/serve/method.js';
import type { Request } from '../kite/serve/request.js';
import { KiteError } from '../protocol/errors.js';
import type { AuditLog } from './admin/audit-log.js';
import { type KontrolAdmin, adminMethods } from './admin/administration.js';
import { type Credentials, kiteKeyError, type VerifiedCaller } from './tokens/credentials.js';
import type { KeyRing } from './tokens/key-ring.js';
import type { KontrolLimits } from './limits/kontrol-limits.js';
import type { MachineRegistration } from './admin/machine-registration.js';
import type { KontrolMetrics } from './http/kontrol-metrics.js';
import type { Queries } from './registry/queries.js';
import type { Registrar } from './registry/registrar.js';
import type { Revocations } from './tokens/revocations.js';
import type { SignIn } from './admin/sign-in.js';
import type { Signalling } from './signalling/signalling.js';
import { waitInTurn } from './registry/waiting-call.js';
import type { Watchers } from './registry/watchers.js';
import { record } from '../util/record.js';
import { QUOTED_LENGTH } from '../protocol/protocol-limits.js';

/** The services that implement Kontrol's methods. */
export interface KontrolServices {
  readonly admin: KontrolAdmin;
  readonly kontrolUser: string;
  readonly credentials: Credentials;
  readonly keyRing: KeyRing;
  readonly registrar: Registrar;
  readonly queries: Queries;
  readonly watchers: Watchers;
  readonly machineRegistration: MachineRegistration;
  readonly metrics: KontrolMetrics;
  readonly revocations: Revocations;
  /** Undefined if WebRTC signalling is disabled: `kite.handleWebRTC` does not exist. */
  readonly signalling: Signalling | undefined;
  /** Undefined if Kontrol does not serve a page: `signIn` and `signInCode` do not exist. */
  readonly signIn: SignIn | undefined;
  readonly limits: KontrolLimits;
  /** Undefined if no audit log is written. */
  readonly audit: AuditLog | undefined;
  /** Connections that are revoking something, whose responses are sent before they may end. */
  readonly revoking: Set<unknown>;
}

/** Adds Kontrol's methods to its kite. */
export function addMethods(kite: Kite, services: KontrolServices): void {
  const {
    queries,
    watchers,
    machineRegistration,
    signalling,
    keyRing,
    credentials,
    metrics,
    revocations,
    signIn,
    audit,
  } = services;
  const handle = (name: string, run: (request: Request) => unknown): Method =>
    kite.handle<unknown[]>(name, timed(name, audit?.audited(name, run) ?? run, metrics));

  handle('register', (request) => register(request, services));
  handle('deregister', ({ client }) => {
    services.registrar.deregister(client);
    return null;
  });
  handle('getKites', (request) => queries.getKites(request));
  handle('getToken', (request) => queries.getToken(request));
  handle('cancelWatcher', ({ args: [id], client }) => {
    if (typeof id === 'string' && watchers.cancel(client, id)) return null;
    throw new KiteError('argumentError', 'cancelWatcher: unknown watcher id');
  });
  handle('getKey', (request) => {
    const { pair } = requireKiteKey(request, credentials);
    return pair.state === 'retired' ? keyRing.signing.publicKey : pair.publicKey;
  });
  handle('watchKeys', (request) => {
    // Kites call it with their current kite key after each registration.
    if (record(request.auth)['type'] === 'kiteKey')
      services.registrar.renewed(request.client, requireKiteKey(request, credentials));
    return revocations.watch(request);
  });
  handle('registerMachine', (request) => machineRegistration.register(request)).disableAuthentication();
  if (signalling) handle('kite.handleWebRTC', (request) => signalling.forward(request));
  if (signIn) {
    handle('signInCode', (request) => signIn.newCode(requireKiteKey(request, credentials)));
    handle('signIn', ({ args: [argument] }) => signIn.redeem(argument)).disableAuthentication();
  }
  for (const [name, run] of Object.entries(adminMethods(services.admin))) {
    handle(name, (request) => {
      requireAdministrator(request, services.kontrolUser);
      if (!name.startsWith('kontrol.revoke')) return run(request.args[0]);
      services.revoking.add(request.client);
      return Promise.resolve(run(request.args[0])).finally(() => services.revoking.delete(request.client));
    });
  }
}

async function register(request: Request, services: KontrolServices): Promise<unknown> {
  const { registrar, credentials, metrics, watchers, limits } = services;
  try {
    const key = requireKiteKey(request, credentials);
    const registration = { kite: request.kite, url: request.args[0], key };
    const registering = registrar.register(request.client, registration);
    const result = await waitInTurn(request.client, registering, limits);
    metrics.registered('connection');
    if (result.kiteKey !== undefined)
      watchers.renew(request.client, credentials.verifyKiteKey(result.kiteKey));
    return result;
  } catch (error) {
    metrics.refused('connection');
    throw error;
  }
}

/** Returns the caller's kite key, for methods that a token does not suffice for. */
function requireKiteKey({ auth }: Request, credentials: Credentials): VerifiedCaller {
  const { type, key } = (auth ?? {}) as { type?: unknown; key?: unknown };
  if (type !== 'kiteKey' || typeof key !== 'string')
    throw new KiteError(
      'authenticationError',
      `Unexpected authentication type: ${String(type).slice(0, QUOTED_LENGTH)}`,
    );
  try {
    return credentials.verifyKiteKey(key);
  } catch (error) {
    throw kiteKeyError(error);
  }
}

/** Records the calls of a method in the metrics. A synchronous method stays synchronous. */
function timed(
  name: string,
  run: (request: Request) => unknown,
  metrics: KontrolMetrics,
): (request: Request) => unknown {
  return (request) => {
    const started = performance.now();
    const count = (failed: boolean): void => metrics.called(name, performance.now() - started, failed);
    try {
      const result = run(request);
      if (!(result instanceof Promise)) {
        count(false);
        return result;
      }
      return result.then(
        (value: unknown) => {
          count(false);
          return value;
        },
        (error: unknown) => {
          count(true);
          throw error;
        },
      );
    } catch (error) {
      count(true);
      throw error;
    }
  };
}
