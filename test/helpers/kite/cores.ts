import { onTestFinished } from 'vitest';
import type { Client, Dialer } from '../../../src/lib/kite/call/client.js';
import type { ClientOptions } from '../../../src/lib/kite/call/client-options.js';
import { type CoreOptions, KiteCore } from '../../../src/lib/kite/core/kite-core.js';
import { Admission, type AdmissionOptions } from '../../../src/lib/kite/serve/admission.js';
import { newCallerRates } from '../../../src/lib/kite/serve/caller-rates.js';
import { addDefaultMethods } from '../../../src/lib/kite/serve/default-methods.js';
import { addHeartbeatMethod } from '../../../src/lib/kite/serve/heartbeat-method.js';
import type { UsualMessageJson } from '../../../src/lib/dnode/message-json.js';
import { TokenRenewal } from '../../../src/lib/kite/call/token-renewal.js';
import { messageJson } from '../../../src/lib/kite/call/message-numbers.js';
import { EnvelopeCache } from '../../../src/lib/kite/call/envelope-cache.js';
import { KiteError } from '../../../src/lib/protocol/errors.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { guardSignal } from '../../../src/lib/util/guard-signal.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { ManualClock } from '../process/manual-clock.js';
import { MemoryChannel } from '../transport/memory-channel.js';

export const identity = {
  name: 'math',
  username: 'bob',
  id: 'f7cd2e55-7e11-4a5f-9f0e-5a4a5b1d3c11',
  environment: 'test',
  region: 'eu',
  version: '1.0.0',
  hostname: 'host',
};

/** A kite without a port: `{type: 'name', key: 'bob'}` authenticates as bob. Closed when the test ends. */
export function makeCore(
  options: Partial<CoreOptions & Pick<AdmissionOptions, 'verify'> & { readonly json: UsualMessageJson }> = {},
): KiteCore & { clock: ManualClock } {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock();
  const { json = messageJson('exact') } = options;
  const core: KiteCore = new KiteCore({
    name: identity.name,
    identity,
    limits: defaultLimits,
    clock,
    logger: silentLogger,
    timeout: 15_000,
    handshakeTimeout: 10_000,
    transport: 'auto',
    trustRemote: undefined,
    dialer: () => Promise.reject(new Error('this kite does not dial')),
    authenticator: new Admission({
      verify: options.verify ?? verifyName,
      dispatch: (connection, call) => core.host.dispatch(connection, call),
    }),
    newCallerRates,
    methodHandling: 'ReturnMethod',
    concurrent: true,
    json,
    newRenewal: (renewal) => new TokenRenewal(renewal),
    newPrefixCache: () => new EnvelopeCache(defaultLimits, json),
    guardSignal,
    ...options,
  });
  addDefaultMethods(core, options.logger ?? silentLogger);
  addHeartbeatMethod(core, clock);
  onTestFinished(() => closeCore(core));
  return Object.assign(core, { clock });
}

const verifyName: AdmissionOptions['verify'] = ({ auth }) => {
  const { type, key } = (auth ?? {}) as { type?: unknown; key?: unknown };
  if (type !== 'name' || typeof key !== 'string')
    throw new KiteError('authenticationError', 'No authentication information is provided');
  return { username: key, claims: {} };
};

/** Ends the connections of a kite in memory, both those that it opened and those that it accepted. */
export function closeCore(core: KiteCore): void {
  core.closeClients();
  for (const connection of core.accepted) connection.close();
}

/** A dialer that connects to `server` in memory, and the channels it has opened. */
export function memoryDialer(server: KiteCore): {
  dialer: Dialer;
  ends: { near: MemoryChannel; far: MemoryChannel }[];
} {
  const ends: { near: MemoryChannel; far: MemoryChannel }[] = [];
  const dialer: Dialer = () => {
    const [near, far] = MemoryChannel.pair();
    ends.push({ near, far });
    server.accept(far);
    return Promise.resolve(near);
  };
  return { dialer, ends };
}

export const bob = { type: 'name', key: 'bob' };

/** Two kites in memory, the second connected to the first as `bob`, and both ends of the connection. */
export async function connected(
  options: Parameters<typeof makeCore>[0] = {},
  clientOptions: ClientOptions = {},
): Promise<{
  server: ReturnType<typeof makeCore>;
  caller: ReturnType<typeof makeCore>;
  client: Client;
  near: MemoryChannel;
  far: MemoryChannel;
}> {
  const server = makeCore(options);
  const { dialer, ends } = memoryDialer(server);
  const caller = makeCore({ ...options, dialer });
  const client = caller.newClient('memory:', { auth: bob, ...clientOptions });
  await client.dial();
  const end = ends[0];
  if (!end) throw new Error('not dialed');
  return { server, caller, client, ...end };
}

/** Runs everything that is due now: memory channels deliver in microtasks. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
