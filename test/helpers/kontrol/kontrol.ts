import { onTestFinished } from 'vitest';
import { Kite, type KiteOptions, type Transport } from '../../../src/lib/index.js';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import type { KiteKey } from '../../../src/lib/keys/kite-key.js';
import { Kontrol, type KontrolOptions } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { FakeStorage } from '../storage/fake-storage.js';
import { testIdentity, testKeyPair } from '../kite/keys.js';

/** A Kontrol on a free port, with a store in memory. Closed when the test ends. */
export async function startKontrol(
  options: Partial<KontrolOptions> = {},
): Promise<{ kontrol: Kontrol; storage: FakeStorage; url: string; origin: string }> {
  const storage = (options.storage as FakeStorage | undefined) ?? new FakeStorage();
  const kontrol = new Kontrol({
    storage,
    port: 0,
    keyPair: await testKeyPair(0),
    env: {},
    logger: silentLogger,
    ...options,
  });
  await kontrol.listen();
  onTestFinished(() => kontrol.close({ drainTimeout: 100 }));
  return { kontrol, storage, url: kontrol.kite.url ?? '', origin: new URL(kontrol.kite.url ?? '').origin };
}

export interface Caller {
  readonly kite: Kite;
  readonly key: KiteKey;
  readonly tell: <Result = unknown>(method: string, ...args: unknown[]) => Promise<Result>;
  /** Calls a method with functions that Kontrol can call until the connection ends. */
  readonly subscribe: <Result = unknown>(method: string, ...args: unknown[]) => Promise<Result>;
  close(): void;
  /** Calls `listener` with the close code when the connection to Kontrol has ended. */
  disconnected(listener: (code: number) => void): void;
  /** Resolves when Kontrol has requested the heartbeat. */
  readonly heartbeat: Promise<{ seconds: unknown; ping: () => void }>;
}

/** A kite of `username` that is connected to Kontrol and calls its methods directly. */
export async function connect(
  kontrol: Kontrol,
  username: string,
  options: {
    readonly name?: string;
    readonly key?: string;
    readonly kite?: KiteOptions;
    readonly transport?: Transport;
  } = {},
): Promise<Caller> {
  const key = parseKiteKey(options.key ?? (await kontrol.newKiteKey(username)));
  const kite = new Kite(options.name ?? 'math', '1.0.0', {
    kiteKey: key.jwt,
    username,
    environment: 'prod',
    region: 'eu',
    env: {},
    logger: silentLogger,
    ...options.kite,
  });
  onTestFinished(() => kite.close());
  const heartbeat = new Promise<{ seconds: unknown; ping: () => void }>((resolve) => {
    kite.handle<[unknown, () => void]>('kite.heartbeat', ({ args: [seconds, ping] }) => {
      resolve({ seconds, ping });
      ping();
      return null;
    });
  });
  const client = kite.newClient(kontrol.kite.url ?? '', {
    auth: { type: 'kiteKey', key: key.jwt },
    trustRemote: true,
    ...(options.transport && { transport: options.transport }),
  });
  await client.dial();
  return {
    kite,
    key,
    heartbeat,
    tell: <Result>(method: string, ...args: unknown[]) => client.tell<Result>(method, ...args),
    subscribe: <Result>(method: string, ...args: unknown[]) =>
      client.call<Result>(method, args, { callbacks: 'connection' }),
    close: () => client.close(),
    disconnected: (listener) => void client.on('disconnect', listener),
  };
}

export function registration(id: string, changes: Record<string, string> = {}) {
  return {
    kite: testIdentity({ id, ...changes }),
    url: `http://127.0.0.1:3636/kite?${id}`,
    keyId: 'pair',
    registeredAt: 0,
    expiresAt: 0,
  };
}
