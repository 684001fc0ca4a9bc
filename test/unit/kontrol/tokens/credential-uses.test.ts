import { describe, expect, it } from 'vitest';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import type { Caller } from '../../../../src/lib/kontrol/tokens/caller.js';
import { CredentialUses } from '../../../../src/lib/kontrol/tokens/credential-uses.js';
import { callerNamed } from '../../../helpers/kontrol/key-ring.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';

const HOUR = 3_600_000;

function setUp(limits = {}, storage = new FakeStorage(), clock = new ManualClock(100 * HOUR)) {
  const uses = new CredentialUses({ storage, limits: { ...defaultKontrolLimits, ...limits }, clock });
  const writes = (): number => storage.calls.filter((call) => call === 'putCredentials').length;
  return { storage, clock, uses, writes };
}

function session(clock: ManualClock, ms: number): Caller {
  return callerNamed('bob', { type: 'session', sessionEnd: clock.now() + ms });
}

describe('the uses of credentials', () => {
  it('the uses of credentials have the time of the last one, and a credential that was only issued has none', async () => {
    const { uses, clock } = setUp();
    uses.issued(callerNamed('alice'));
    uses.used(callerNamed('bob'));
    clock.advance(2 * HOUR);
    uses.used(callerNamed('bob'));
    expect((await uses.list()).map(({ username, lastUse }) => [username, lastUse])).toEqual([
      ['alice', undefined],
      ['bob', clock.now()],
    ]);
    expect(await uses.list('alice')).toHaveLength(1);
  });

  it('the uses of credentials are written once an hour for each, however often it is used', async () => {
    const { uses, clock, writes } = setUp();
    for (let n = 0; n < 1000; n++) uses.used(callerNamed('bob'));
    await uses.flush();
    for (let n = 0; n < 1000; n++) uses.used(callerNamed('bob'));
    await uses.flush();
    expect(writes()).toBe(1);
    clock.advance(HOUR);
    uses.used(callerNamed('bob'));
    await uses.flush();
    expect(writes()).toBe(2);
  });

  it('the uses of credentials are the same at another node and after a restart, which does not write them again', async () => {
    const storage = new FakeStorage();
    const here = setUp({}, storage);
    const there = setUp({}, storage, here.clock);
    here.uses.used(callerNamed('bob'));
    there.uses.used(callerNamed('alice'));
    await there.uses.flush();
    expect((await here.uses.list()).toSorted(byUser)).toEqual((await there.uses.list()).toSorted(byUser));
    const restarted = setUp({}, storage, here.clock);
    await restarted.uses.load();
    const before = restarted.writes();
    restarted.uses.used(callerNamed('bob'));
    expect(await restarted.uses.list()).toHaveLength(2);
    expect(restarted.writes()).toBe(before);
  });

  it('the uses of credentials of a session are listed until it ends, and removed from the store', async () => {
    const { uses, clock, storage } = setUp();
    uses.used(session(clock, HOUR));
    expect(await uses.list()).toHaveLength(1);
    clock.advance(HOUR);
    expect(await uses.list()).toEqual([]);
    await uses.flush();
    expect(storage.recorded.size).toBe(0);
  });

  it('the uses of credentials of a kite key keep its latest expiry, which a registration renews', async () => {
    const { uses, clock } = setUp();
    const key = (hours: number): Caller => callerNamed('bob', { sessionEnd: clock.now() + hours * HOUR });
    uses.issued(key(1));
    const renewed = key(2);
    uses.issued(renewed);
    uses.used(key(1));
    expect((await uses.list()).map(({ endsAt }) => endsAt)).toEqual([renewed.sessionEnd]);
  });

  it('the uses of credentials that credentialsPerUser exceeds are removed, the least recent first, and those of others stay', async () => {
    const { uses, clock, storage } = setUp({ credentialsPerUser: 2 });
    uses.used(callerNamed('alice'));
    const [first, second, third] = [session(clock, HOUR), session(clock, 2 * HOUR), session(clock, 3 * HOUR)];
    for (const caller of [first, second]) uses.used(caller);
    await uses.flush();
    for (const caller of [first, third]) uses.used(caller);
    expect((await uses.list('bob')).map(({ endsAt }) => endsAt)).toEqual([
      first.sessionEnd,
      third.sessionEnd,
    ]);
    for (let n = 0; n < 1000; n++) uses.used(session(clock, HOUR + n));
    await uses.flush();
    expect(storage.recorded.size).toBe(3);
  });

  it('the uses of credentials that credentialUses exceeds are forgotten, but stay in the store', async () => {
    const { uses, storage, writes } = setUp({ credentialUses: 2 });
    for (const username of ['alice', 'bob', 'alice']) uses.used(callerNamed(username));
    await uses.flush();
    uses.used(callerNamed('carol'));
    await uses.flush();
    expect([storage.recorded.size, writes()]).toEqual([3, 2]);
    uses.used(callerNamed('alice'));
    await uses.flush();
    expect(writes()).toBe(2);
    uses.used(callerNamed('bob'));
    await uses.flush();
    expect(writes()).toBe(3);
  });

  it('the uses of credentials are written later if the store is unavailable', async () => {
    const { uses, storage } = setUp();
    uses.used(callerNamed('bob'));
    storage.down = true;
    await expect(uses.flush()).rejects.toThrow('cannot be reached');
    storage.down = false;
    await uses.flush();
    expect(storage.recorded.size).toBe(1);
  });

  it('the uses of credentials do not contain what a store cannot represent', async () => {
    const { uses } = setUp();
    const odd = [
      callerNamed('a\0b'),
      callerNamed('x'.repeat(10_000)),
      callerNamed('bob', { kiteKeyId: '\ud800' }),
      callerNamed('bob', { issuedAt: -1e300 }),
      callerNamed('bob', { sessionEnd: 1e300 }),
    ];
    for (const caller of odd) uses.used(caller);
    expect(await uses.list()).toEqual([]);
  });
});

function byUser(a: { readonly username: string }, b: { readonly username: string }): number {
  return a.username < b.username ? -1 : 1;
}
