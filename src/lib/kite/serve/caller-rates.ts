import { remoteIp } from '../../transport/channel/remote-address.js';
import type { Clock } from '../../util/clock.js';
import { addressBlock } from '../../util/ip-addresses.js';
import { KeyedRates } from '../../util/keyed-rates.js';
import { TokenBucket } from '../../util/token-bucket.js';
import { THROTTLED_CALLERS } from '../limits/kite-limits.js';
import type { CallerRates, CallRate } from './method.js';

/**
 * Returns rate limits for each caller of a method: by its username, or by its address if it has not authenticated.
 *
 * @throws RangeError if the rate is invalid
 */
export function newCallerRates({ interval, capacity }: CallRate, clock: Clock): CallerRates {
  // Checks the rate.
  void new TokenBucket(interval, capacity, clock);
  const rates = new KeyedRates(interval, capacity, THROTTLED_CALLERS, clock);
  return {
    take: ({ username, client }) =>
      rates.take(username === '' ? `@${addressBlock(remoteIp(client.remoteAddress))}` : `/${username}`),
  };
}
