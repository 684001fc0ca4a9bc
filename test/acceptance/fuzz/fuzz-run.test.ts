import { describe, expect, it, onTestFinished } from 'vitest';
import { fuzz, makeDice } from '../../helpers/fuzz/fuzz-run.js';
import { requestBytes } from '../../helpers/fuzz/http-requests.js';
import { mutate, mutateJson } from '../../helpers/fuzz/mutate.js';

const SERVER = { hosts: ['localhost'], paths: ['/kite/info'], bodies: ['["x"]'] };

/** Sets a variable of the environment until the test ends. */
function setVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe('a fuzzer', () => {
  it('a fuzzer makes the same input for the same seed and case, and other input for others', () => {
    const make = (seed: number, index: number): string => {
      const dice = makeDice(seed, index);
      const value = { a: [1, { b: 'c' }] };
      return [
        requestBytes(SERVER, dice),
        mutate('text', dice),
        JSON.stringify(mutateJson(value, dice)),
      ].join();
    };
    const inputs = [make(1, 0), make(1, 1), make(2, 0)];
    expect(inputs).toEqual([make(1, 0), make(1, 1), make(2, 0)]);
    expect(new Set(inputs).size).toBe(3);
  });

  it('a fuzzer uses the seed of FUZZ_SEED, and reports it with the number of the case that failed', async () => {
    setVariable('FUZZ_SEED', '12345');
    let cases = 0;
    const failing = fuzz('a failing case', () => {
      if (++cases === 100) throw new Error('planted');
      return Promise.resolve();
    });
    await expect(failing).rejects.toMatchObject({
      message: 'Case 99 of FUZZ_SEED=12345 failed',
      cause: { message: 'planted' },
    });
  });

  it('a fuzzer reports what is not handled, such as a warning of Node', async () => {
    let warned = false;
    const failing = fuzz('a warning', () => {
      if (!warned) process.emitWarning('planted', 'PlantedWarning');
      warned = true;
      return new Promise((resolve) => setImmediate(resolve));
    });
    await expect(failing).rejects.toThrow(/unhandled before case \d+ of FUZZ_SEED=\d+/);
  });

  it.each(['x', '-1', '4294967296', '0.5'])('a fuzzer rejects FUZZ_SEED=%s', async (seed) => {
    setVariable('FUZZ_SEED', seed);
    await expect(fuzz('nothing', () => Promise.resolve())).rejects.toThrow('FUZZ_SEED is');
  });
});
