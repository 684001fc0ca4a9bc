import { expect } from 'vitest';
import { seededRandom } from '../process/random.js';

/** Random choices of one case. */
export interface Dice {
  /** A whole number from 0 (inclusive) to `n` (exclusive). */
  below(n: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of the values. */
  pick<Value>(values: readonly Value[]): Value;
  /** `count` random bytes as a binary string. */
  bytes(count: number): string;
}

/** A run of one fuzzer. */
export interface FuzzRun {
  readonly seed: number;
  readonly cases: number;
}

/** Cases that run at the same time, so that waiting for a socket costs little. */
const CONCURRENT = 16;

/** Seconds in `npm test`. */
const DEFAULT_SECONDS = 2;

/** Returns and prints the seed of a run: `FUZZ_SEED`, to repeat it, or a new one. */
export function seedOfRun(name: string): number {
  const seed = chosenSeed();
  console.log(`fuzz: ${name}: FUZZ_SEED=${seed}`);
  return seed;
}

function chosenSeed(): number {
  const given = process.env['FUZZ_SEED'];
  if (given === undefined) return Math.floor(Math.random() * 2 ** 32);
  const seed = Number(given);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new Error(`FUZZ_SEED is "${given}"; it must be a whole number below 4294967296`);
}

/** The time for one fuzzer: `FUZZ_SECONDS`, or the default. */
function millisecondsOfRun(): number {
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? DEFAULT_SECONDS);
  if (seconds > 0) return seconds * 1000;
  throw new Error('FUZZ_SECONDS must be a number above 0');
}

/** The timeout for a test with one fuzzer: its time, and a minute for the rest. */
export function fuzzTimeout(): number {
  return millisecondsOfRun() + 60_000;
}

/** Creates the choices of a case, which depend on the seed of the run and the number of the case only. */
export function makeDice(seed: number, index: number): Dice {
  const random = seededRandom((seed + Math.imul(index, 0x9e3779b1)) >>> 0);
  const below = (n: number): number => Math.floor(random() * n);
  return {
    below,
    chance: (probability) => random() < probability,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('There is nothing to pick from');
      return value;
    },
    bytes: (count) => String.fromCharCode(...Array.from({ length: count }, () => below(256))),
  };
}

/**
 * Runs cases until the time is over, and prints the seed. Fails with the seed and the number of the case if a case rejects, or if
 * anything in the process is thrown or rejected and not handled.
 */
export async function fuzz(name: string, runCase: (dice: Dice) => Promise<void>): Promise<FuzzRun> {
  const seed = seedOfRun(name);
  const repeat = `FUZZ_SEED=${seed}`;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const noteWarning = (warning: Error): void => {
    // Others are about this version of Node.
    if (!/^(?:Deprecation|Experimental)Warning$/.test(warning.name)) note(warning);
  };
  process.on('unhandledRejection', note);
  process.on('uncaughtExceptionMonitor', note);
  // For example timers that fire at once because their time is too long, and listeners that are never removed.
  process.on('warning', noteWarning);
  const end = performance.now() + millisecondsOfRun();
  let cases = 0;
  let hasFailed = false;
  const work = async (): Promise<void> => {
    while (performance.now() < end && unhandled.length === 0 && !hasFailed) {
      const index = cases++;
      try {
        await runCase(makeDice(seed, index));
      } catch (error) {
        hasFailed = true;
        throw new Error(`Case ${index} of ${repeat} failed`, { cause: error });
      }
    }
  };
  try {
    const results = await Promise.allSettled(Array.from({ length: CONCURRENT }, work));
    const [failed] = results.filter((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    // What the last case has left gets a turn.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    process.off('warning', noteWarning);
  }
  console.log(`fuzz: ${name}: ${cases} cases`);
  expect(unhandled, `unhandled before case ${cases} of ${repeat}`).toEqual([]);
  return { seed, cases };
}
