import { expect, it, onTestFinished } from 'vitest';
import type { Kite } from '../../../src/lib/index.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { ManualClock, type TestKontrol, testKontrol } from '../../../src/lib/testing.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A kite sends one heartbeat per hour. */
const timings = { heartbeat: HOUR, lease: 3 * HOUR, refresh: HOUR, storedLease: 4 * HOUR, probe: HOUR / 2 };

const query = { username: 'bob', environment: 'test', name: 'math' };

async function mathKite(kit: TestKontrol, port = 0): Promise<Kite> {
  const math = await kit.kite('math', { port });
  math.handle<[number], number>('square', ({ args: [n] }) => n * n);
  await math.listen();
  await math.registerForever();
  return math;
}

/**
 * A client of a kite found through Kontrol works for ten days: its token, which is valid for two, is renewed, also after the
 * kite has restarted with another id. `makeStorage` creates a store that is not open yet.
 */
export function tenDayRenewal(name: string, makeStorage: () => Storage | Promise<Storage>): void {
  it(`a client keeps calling for ten days with the ${name} store`, async () => {
    const clock = new ManualClock();
    const kit = await testKontrol({ storage: await makeStorage(), clock, timings });
    onTestFinished(() => kit.close());
    let math = await mathKite(kit);
    const caller = await kit.kite('caller');
    const [found] = await caller.getKites(query);
    // Over XHR polling, a leap of the clock would end the session.
    const client = found?.client({ transport: 'WebSocket' });
    if (!client) throw new Error('The kite was not found');
    await client.dialForever();
    const tokens = new Set([client.auth?.key]);
    client.on('tokenRenew', (token) => tokens.add(token));
    const pass = async (ms: number): Promise<void> => {
      for (const end = clock.now() + ms; clock.now() < end; ) {
        clock.leap(HOUR);
        // Everything that the clock started has passed through each connection before these answers.
        const n = clock.now() / HOUR;
        const answers = await Promise.all([client.tell('square', n), math.getKey(), caller.getKey()]);
        expect(answers[0]).toBe(n * n);
      }
    };
    await pass(5 * DAY);
    const gone = new Promise<void>((resolve) => client.once('disconnect', () => resolve()));
    const back = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    const { port } = math;
    await math.close();
    await gone;
    math = await mathKite(kit, port);
    clock.advance(10_000);
    await back;
    await pass(5 * DAY);
    expect(tokens.size).toBe(5);
    expect((await caller.getKites(query)).map(({ kite }) => kite.id)).toEqual([math.identity.id]);
  });
}
