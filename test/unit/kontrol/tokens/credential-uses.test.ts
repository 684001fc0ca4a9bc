import { describe, expect, it } from 'vitest';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { CredentialUses } from '../../../../src/lib/kontrol/tokens/credential-uses.js';
import { callerNamed } from '../../../helpers/kontrol/key-ring.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('the uses of credentials', () => {
  it('the uses of credentials are those of the last time, and a credential that was only issued has none', () => {
    const clock = new ManualClock();
    const uses = new CredentialUses(defaultKontrolLimits, clock);
    uses.issued(callerNamed('alice'));
    uses.used(callerNamed('bob'));
    clock.advance(1000);
    uses.used(callerNamed('bob'));
    expect(uses.list().map(({ username, lastUse }) => [username, lastUse])).toEqual([
      ['alice', undefined],
      ['bob', clock.now()],
    ]);
  });

  it('the uses of credentials of a session are listed until it ends', () => {
    const clock = new ManualClock();
    const uses = new CredentialUses(defaultKontrolLimits, clock);
    uses.used(callerNamed('bob', { sessionEnd: clock.now() + 1000 }));
    expect(uses.list()).toHaveLength(1);
    clock.advance(1000);
    expect(uses.list()).toEqual([]);
  });

  it('the uses of credentials are bounded: the next one removes the least recently used', () => {
    const uses = new CredentialUses({ credentialUses: 2 }, new ManualClock());
    for (const username of ['alice', 'bob', 'alice', 'carol']) uses.used(callerNamed(username));
    expect(uses.list().map(({ username }) => username)).toEqual(['alice', 'carol']);
  });
});
