import { expectTypeOf } from 'vitest';
import type { Kite, Logger } from 'kitectl';
import type { Kontrol } from 'kitectl/kontrol';
import {
  type Faults,
  type FaultyPair,
  faultyPair,
  ManualClock,
  MemoryChannel,
  silentLogger,
  type TestKontrol,
  testKontrol,
} from 'kitectl/testing';

// A Kontrol in memory.
void (async () => {
  const world = await testKontrol({ registration: 'open' });
  expectTypeOf(world).toEqualTypeOf<TestKontrol>();
  expectTypeOf(world.kontrol).toEqualTypeOf<Kontrol>();
  expectTypeOf(await world.kite('bank', { username: 'bob', clock: new ManualClock() })).toEqualTypeOf<Kite>();
  const typed = await world.kite<{ square(n: number): number }>('bank');
  typed.handle('square', ({ args: [n] }) => n * n);
  // @ts-expect-error The result is a number.
  typed.handle('square', () => 'text');
  expectTypeOf(await world.kiteKey('bob')).toEqualTypeOf<string>();
  // @ts-expect-error There is no such mode.
  await testKontrol({ registration: 'closed' });
  // @ts-expect-error A kite has a name.
  await world.kite();
});

// A clock that a test advances.
{
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  expectTypeOf(clock.now()).toEqualTypeOf<number>();
  expectTypeOf(clock.timers).toEqualTypeOf<number>();
  expectTypeOf(clock.setTimeout(() => {}, 5).cancel()).toEqualTypeOf<void>();
  clock.advance(5);
  clock.leap(5);
  // @ts-expect-error Only `advance` and `leap` change the number of timers.
  clock.timers = 0;
}

// Connections that fail on demand.
{
  const pair = faultyPair(new ManualClock());
  expectTypeOf(pair).toEqualTypeOf<FaultyPair>();
  expectTypeOf(pair.faults).toEqualTypeOf<Faults>();
  pair.faults.drop = (text) => text.includes('square');
  // @ts-expect-error A delay is in milliseconds.
  pair.faults.delay = '5s';
  expectTypeOf(MemoryChannel.pair()).toEqualTypeOf<[MemoryChannel, MemoryChannel]>();
  expectTypeOf<FaultyPair['near']>().toEqualTypeOf<Parameters<Kite['accept']>[0]>();
}

expectTypeOf(silentLogger).toEqualTypeOf<Logger>();
