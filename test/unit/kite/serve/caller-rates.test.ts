import { describe, expect, it } from 'vitest';
import { THROTTLED_CALLERS } from '../../../../src/lib/kite/limits/kite-limits.js';
import { newCallerRates } from '../../../../src/lib/kite/serve/caller-rates.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

const by = (username: string, remoteAddress = '127.0.0.1:1'): Request =>
  ({ username, client: { remoteAddress } }) as unknown as Request;

describe('newCallerRates', () => {
  it('newCallerRates count the calls of a user, whatever its address, and of an address without its port', () => {
    const rates = newCallerRates({ interval: 1000, capacity: 1 }, new ManualClock());
    expect(rates.take(by('bob', '10.0.0.1:1'))).toBe(true);
    expect(rates.take(by('bob', '10.0.0.2:1'))).toBe(false);
    expect(rates.take(by('', '10.0.0.1:1'))).toBe(true);
    expect(rates.take(by('', '10.0.0.1:2'))).toBe(false);
    expect(rates.take(by('', '[2001:db8::1]:1'))).toBe(true);
    expect(rates.take(by('', '[2001:db8::ffff]:2'))).toBe(false);
    // A user whose name is an address.
    expect(rates.take(by('@10.0.0.1'))).toBe(true);
  });

  it('newCallerRates forget the least recently used caller above their limit', () => {
    const rates = newCallerRates({ interval: 1000, capacity: 1 }, new ManualClock());
    for (let count = 0; count <= THROTTLED_CALLERS; count++) rates.take(by(`user ${count}`));
    expect(rates.take(by(`user ${THROTTLED_CALLERS}`))).toBe(false);
    expect(rates.take(by('user 0'))).toBe(true);
  });
});
