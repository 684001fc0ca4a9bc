import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyJwt } from '../../../src/lib/keys/index.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { settled } from '../../helpers/kite/cores.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

const MATH = 'http://127.0.0.1:3636/kite';

type Started = Awaited<ReturnType<typeof startKontrol>> & { readonly clock: ManualClock };

/** Delays writes of registrations until it is called. */
function delayWrites(storage: FakeStorage): () => void {
  let goOn = (): void => {};
  storage.writeGate = new Promise((resolve) => {
    goOn = resolve;
  });
  return () => {
    storage.writeGate = undefined;
    goOn();
  };
}

async function start(): Promise<Started> {
  const clock = new ManualClock();
  return { ...(await startKontrol({ clock })), clock };
}

/** The kinds of registration: each prepares, and returns a function that registers the kite. */
const KINDS: Readonly<Record<string, (started: Started) => Promise<() => Promise<unknown>>>> = {
  'a kite that registers over a connection': async ({ kontrol, clock }) => {
    const { tell } = await connect(kontrol, 'bob', { kite: { clock } });
    return () => tell('register', { url: MATH });
  },
  'a kite that registers over HTTP': async ({ kontrol, origin }) => {
    const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('alice') };
    const body = JSON.stringify({ url: MATH, kite: testIdentity(), auth });
    return async () => {
      const response = await fetch(`${origin}/register`, { method: 'POST', body });
      if (!response.ok) throw new Error(await response.text());
    };
  },
  'a kite whose heartbeat arrives after its lease': async ({ kontrol, clock }) => {
    const math = await connect(kontrol, 'bob', { kite: { clock } });
    await math.tell('register', { url: MATH });
    const { ping } = await math.heartbeat;
    await math.tell('kite.ping');
    clock.advance(40_000);
    await settled();
    return async () => ping();
  },
};

describe.each(Object.entries(KINDS))('the registration order of %s', (_, prepare) => {
  it('a kite is not found until the store has its registration', async () => {
    const started = await start();
    const register = await prepare(started);
    const before = started.kontrol.status().kites;
    const goOn = delayWrites(started.storage);
    const registered = register();
    await expect.poll(() => started.storage.waiting).toBe(1);
    expect(started.kontrol.status().kites).toBe(before);
    goOn();
    await registered;
    await expect.poll(() => started.kontrol.status().kites).toBe(before + 1);
  });

  it('a kite is not found if the store rejects its registration', async () => {
    const started = await start();
    const register = await prepare(started);
    const before = started.kontrol.status().kites;
    const goOn = delayWrites(started.storage);
    const registered = register();
    await expect.poll(() => started.storage.waiting).toBe(1);
    started.storage.down = true;
    goOn();
    await registered.catch(() => undefined);
    await settled();
    expect(started.storage.calls.at(-1)).toBe('put');
    expect(started.kontrol.status().kites).toBe(before);
  });
});

describe("Kontrol's own kite", () => {
  it("Kontrol's own kite is not found until the store has its registration", async () => {
    const storage = new FakeStorage();
    const goOn = delayWrites(storage);
    const keyPair = await testKeyPair(0);
    const kontrol = new Kontrol({ storage, port: 0, keyPair, env: {}, logger: silentLogger });
    onTestFinished(() => kontrol.close({ drainTimeout: 100 }));
    const listening = kontrol.listen();
    await expect.poll(() => storage.waiting).toBe(1);
    expect(kontrol.status().kites).toBe(0);
    goOn();
    await listening;
    expect(kontrol.status().kites).toBe(1);
  });

  it("Kontrol's own kite stays registered once with the signing pair after many rotations, and its tokens stay valid", async () => {
    const { kontrol, storage, clock } = await start();
    const { tell } = await connect(kontrol, 'bob', { kite: { clock } });
    const signer = async (): Promise<string | undefined> => {
      const token = await tell<string>('getToken', { username: 'kontrol', force: true });
      return kontrol.keyPairs().find(({ publicKey }) => {
        try {
          return verifyJwt(token, publicKey, { clock }) !== undefined;
        } catch {
          return false;
        }
      })?.id;
    };
    const [first] = kontrol.keyPairs();
    const goOn = delayWrites(storage);
    const puts = (): number => storage.calls.filter((call) => call === 'put').length;
    const before = puts();
    await kontrol.rotate();
    const last = await kontrol.rotate();
    expect(await signer()).toBe(first?.id);
    goOn();
    await expect.poll(signer).toBe(last.id);
    expect(storage.stored.get(kontrol.kite.identity.id)?.keyId).toBe(last.id);
    // The registration of the first rotation was pending, and another one has the last pair.
    expect(puts() - before).toBe(2);
  });
});
