import { describe, expect, it } from 'vitest';
import { StoreClock } from '../../../../src/lib/kontrol/registry/store-clock.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

function setUp() {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
  return { clock, warnings, storeClock: new StoreClock(clock, logger) };
}

describe('the clock of a store', () => {
  it('the clock of a store is that of the machine until it is known, and then does not depend on it any more', () => {
    const { clock, storeClock } = setUp();
    expect(storeClock.now()).toBe(clock.now());
    const sentAt = clock.monotonic();
    clock.advance(100);
    storeClock.onStoreTime(clock.now() - 50 + 45_000, sentAt);
    expect([storeClock.now(), storeClock.ahead]).toEqual([clock.now() + 45_000, 45_000]);
    const before = storeClock.now();
    clock.adjust(-3_600_000);
    clock.advance(1000);
    expect(storeClock.now()).toBe(before + 1000);
  });

  it('the clock of a store ignores what only the round trip changes, and answers that took long', () => {
    const { clock, storeClock } = setUp();
    storeClock.onStoreTime(clock.now() + 45_000, clock.monotonic());
    const ahead = (): number => storeClock.now() - clock.now();
    storeClock.onStoreTime(clock.now() + 45_300, clock.monotonic());
    expect(ahead()).toBe(45_000);
    storeClock.onStoreTime(clock.now() + 47_000, clock.monotonic());
    expect(ahead()).toBe(47_000);
    storeClock.onStoreTime(clock.now(), clock.monotonic() - 3000);
    expect(ahead()).toBe(47_000);
  });

  it('the clock of a store counts whole milliseconds, which every store keeps as they are', () => {
    const { clock, storeClock } = setUp();
    clock.advance(0.625);
    storeClock.onStoreTime(1_700_000_000_000.125, clock.monotonic());
    for (let i = 0; i < 10; i++) {
      clock.advance(1.3);
      expect(Number.isInteger(storeClock.now())).toBe(true);
    }
  });

  it('the clock of a store warns once while the clock of the machine differs', () => {
    const { clock, warnings, storeClock } = setUp();
    const measure = (ahead: number): void => storeClock.onStoreTime(clock.now() + ahead, clock.monotonic());
    measure(4000);
    expect([storeClock.problem, storeClock.isTrusted]).toEqual([undefined, true]);
    for (const ahead of [45_000, 46_000, 0, -45_000]) measure(ahead);
    expect(warnings).toEqual([
      'The clock of this machine is 45s behind that of the store. Synchronize the clocks, for example with NTP',
      'The clock of this machine is 45s ahead of that of the store. Synchronize the clocks, for example with NTP',
    ]);
    // Leases refer to the clock of the store.
    expect([storeClock.isTrusted, storeClock.earliest]).toEqual([true, storeClock.now()]);
  });

  it('a store without a clock is compared by the times that the nodes write, of which those that arrive late do not count', () => {
    const { clock, warnings, storeClock } = setUp();
    const write = (node: string, ahead: number): void => {
      clock.advance(10_000);
      storeClock.onNodeTime(node, clock.now() + ahead);
    };
    write('b', 0);
    write('b', -45_000);
    expect([storeClock.ahead, storeClock.isTrusted]).toEqual([0, true]);
    write('b', -45_000);
    write('c', -1000);
    expect([storeClock.ahead, storeClock.isTrusted]).toEqual([-45_000, false]);
    expect(storeClock.earliest).toBe(clock.now() - 45_000);
    expect(warnings).toEqual([
      'The clock of this machine is 45s ahead of that of another node. Synchronize the clocks, for example with NTP',
    ]);
    // A node that does not write any more does not count.
    for (let minutes = 0; minutes < 6; minutes++) {
      clock.advance(60_000);
      write('c', -1000);
    }
    expect([storeClock.ahead, storeClock.problem]).toEqual([-1000, undefined]);
  });
});
