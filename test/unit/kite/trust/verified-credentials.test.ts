import { describe, expect, it } from 'vitest';
import { VerifiedCredentials } from '../../../../src/lib/kite/trust/verified-credentials.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const NEVER = Number.POSITIVE_INFINITY;

function credential(type: string, key: string) {
  return { type, key, identity: { username: 'alice', claims: {} }, credential: undefined };
}

describe('VerifiedCredentials', () => {
  it('VerifiedCredentials expire after their time to live, so that a changed decision takes effect', () => {
    const clock = new ManualClock();
    const credentials = new VerifiedCredentials(1000, clock);
    credentials.add(credential('kiteKey', 'k'), NEVER);
    clock.advance(999);
    expect(credentials.get('kiteKey', 'k')).toMatchObject({ identity: { username: 'alice' } });
    clock.advance(1);
    expect(credentials.get('kiteKey', 'k')).toBeUndefined();
  });

  it.each([0, -1000])('VerifiedCredentials are not cached with a time to live of %d', (ttl) => {
    const credentials = new VerifiedCredentials(ttl, new ManualClock());
    credentials.add(credential('kiteKey', 'k'), NEVER);
    expect(credentials.get('kiteKey', 'k')).toBeUndefined();
  });

  it('VerifiedCredentials are distinguished by type and text, wherever one ends and the other begins', () => {
    const credentials = new VerifiedCredentials(1000, new ManualClock());
    credentials.add(credential('a', 'bc'), NEVER);
    expect(credentials.get('ab', 'c')).toBeUndefined();
    expect(credentials.get('', 'abc')).toBeUndefined();
    expect(credentials.get('a', 'bc')).toMatchObject({ identity: { username: 'alice' } });
  });
});
