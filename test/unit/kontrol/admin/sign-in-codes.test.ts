import { describe, expect, it } from 'vitest';
import { SIGN_IN_CODE_TTL, SignInCodes } from '../../../../src/lib/kontrol/admin/sign-in-codes.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('codes to sign in with', () => {
  it('work once, for whom they were made', () => {
    const codes = new SignInCodes(new ManualClock());
    const [bob, alice] = [codes.issue('bob'), codes.issue('alice')];
    expect(codes.redeem(alice)).toBe('alice');
    expect(codes.redeem(bob)).toBe('bob');
    expect(codes.redeem(bob)).toBeUndefined();
    expect(codes.size).toBe(0);
  });

  it('end after two minutes', () => {
    const clock = new ManualClock();
    const codes = new SignInCodes(clock);
    const [early, late] = [codes.issue('bob'), codes.issue('bob')];
    clock.advance(SIGN_IN_CODE_TTL - 1);
    expect(codes.redeem(early)).toBe('bob');
    clock.advance(1);
    expect(codes.redeem(late)).toBeUndefined();
  });

  it('are forgotten when they have ended, with the next that is made', () => {
    const clock = new ManualClock();
    const codes = new SignInCodes(clock);
    codes.issue('bob');
    clock.advance(SIGN_IN_CODE_TTL);
    codes.issue('alice');
    expect(codes.size).toBe(1);
  });

  it('are eight of a user at most: with the next, the oldest ends', () => {
    const codes = new SignInCodes(new ManualClock());
    const others = codes.issue('alice');
    const [first = '', second = '', ...rest] = Array.from({ length: 9 }, () => codes.issue('bob'));
    expect(codes.redeem(first)).toBeUndefined();
    expect(codes.redeem(second)).toBe('bob');
    expect(rest.map((code) => codes.redeem(code))).toEqual(rest.map(() => 'bob'));
    expect(codes.redeem(others)).toBe('alice');
  });

  it.each(['', 'x', 'x'.repeat(32), 'x'.repeat(100_000)])('are not guessed: %.40s', (guess) => {
    const codes = new SignInCodes(new ManualClock());
    codes.issue('bob');
    expect(codes.redeem(guess)).toBeUndefined();
    expect(codes.size).toBe(1);
  });
});
