import { describe, expect, it } from 'vitest';
import { SignInCodes } from '../../../../src/lib/kontrol/admin/sign-in-codes.js';
import { callerNamed } from '../../../helpers/kontrol/key-ring.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';

describe('sign-in codes', () => {
  it('a sign-in code works once, for its user', () => {
    const codes = new SignInCodes(new ManualClock(), defaultKontrolLimits);
    const [bob, alice] = [codes.issue(callerNamed('bob')), codes.issue(callerNamed('alice'))];
    expect(codes.redeem(alice)?.username).toBe('alice');
    expect(codes.redeem(bob)?.username).toBe('bob');
    expect(codes.redeem(bob)).toBeUndefined();
    expect(codes.size).toBe(0);
  });

  it('a sign-in code has 192 random bits', () => {
    const codes = new SignInCodes(new ManualClock(), defaultKontrolLimits);
    const issued = Array.from({ length: 8 }, () => codes.issue(callerNamed('bob')));
    for (const code of issued) expect(Buffer.from(code, 'base64url')).toHaveLength(24);
    expect(new Set(issued).size).toBe(8);
  });

  it('a sign-in code expires after two minutes', () => {
    const clock = new ManualClock();
    const codes = new SignInCodes(clock, defaultKontrolLimits);
    const [early, late] = [codes.issue(callerNamed('bob')), codes.issue(callerNamed('bob'))];
    clock.advance(defaultKontrolLimits.signInCodeTtl - 1);
    expect(codes.redeem(early)?.username).toBe('bob');
    clock.advance(1);
    expect(codes.redeem(late)).toBeUndefined();
  });

  it('a sign-in code that expired is removed when the next one is created', () => {
    const clock = new ManualClock();
    const codes = new SignInCodes(clock, defaultKontrolLimits);
    codes.issue(callerNamed('bob'));
    clock.advance(defaultKontrolLimits.signInCodeTtl);
    codes.issue(callerNamed('alice'));
    expect(codes.size).toBe(1);
  });

  it('a user has at most eight sign-in codes: the next one removes the oldest', () => {
    const codes = new SignInCodes(new ManualClock(), defaultKontrolLimits);
    const others = codes.issue(callerNamed('alice'));
    const [first = '', second = '', ...rest] = Array.from({ length: 9 }, () =>
      codes.issue(callerNamed('bob')),
    );
    expect(codes.redeem(first)).toBeUndefined();
    expect(codes.redeem(second)?.username).toBe('bob');
    expect(rest.map((code) => codes.redeem(code)?.username)).toEqual(rest.map(() => 'bob'));
    expect(codes.redeem(others)?.username).toBe('alice');
  });

  it('sign-in codes have the number and lifetime of the limits', () => {
    const clock = new ManualClock();
    const codes = new SignInCodes(clock, { signInCodes: 2, signInCodesPerUser: 1, signInCodeTtl: 500 });
    const ofBob = codes.issue(callerNamed('bob'));
    const ofAlice = codes.issue(callerNamed('alice'));
    const ofCarol = codes.issue(callerNamed('carol'));
    expect(codes.ttl).toBe(500);
    expect([codes.redeem(ofBob), codes.redeem(ofAlice)?.username]).toEqual([undefined, 'alice']);
    clock.advance(500);
    expect(codes.redeem(ofCarol)).toBeUndefined();
  });

  it.each(['', 'x', 'x'.repeat(32), 'x'.repeat(100_000)])(
    'a wrong sign-in code is rejected: %.40s',
    (guess) => {
      const codes = new SignInCodes(new ManualClock(), defaultKontrolLimits);
      codes.issue(callerNamed('bob'));
      expect(codes.redeem(guess)).toBeUndefined();
      expect(codes.size).toBe(1);
    },
  );
});
