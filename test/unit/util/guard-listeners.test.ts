import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardListeners, logListenerFailures } from '../../../src/lib/util/guard-listeners.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { settled } from '../../helpers/kite/cores.js';
import { hostileErrors } from '../../helpers/hostile-errors.js';

describe('guardListeners', () => {
  it('a guarded listener gets the arguments of its event', () => {
    const heard: unknown[] = [];
    const guarded = guardListeners(() => undefined);
    const emitter = new EventEmitter();
    emitter.on(
      'data',
      guarded((...args: unknown[]) => heard.push(...args)),
    );
    emitter.emit('data', 1, 'two');
    expect(heard).toEqual([1, 'two']);
  });

  it.each([...hostileErrors().keys()])(
    'a guarded listener that throws or rejects with %s only reports it',
    async (what) => {
      const thrown = hostileErrors().get(what);
      const failures: unknown[] = [];
      const guarded = guardListeners((error) => failures.push(error));
      guarded(() => {
        throw thrown;
      })();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a program may reject with anything
      guarded(() => Promise.reject(thrown))();
      await settled();
      expect(failures.map((failure) => Object.is(failure, thrown))).toEqual([true, true]);
    },
  );

  it('a function that handles the failures of listeners and fails itself has no effect', async () => {
    const guarded = guardListeners(() => {
      throw new Error('the handler of failures failed');
    });
    guarded(() => {
      throw new Error('failed');
    })();
    guarded(() => Promise.reject(new Error('failed')))();
    await expect(settled()).resolves.toBeUndefined();
  });
});

describe('logListenerFailures', () => {
  it('the failure of a listener is logged as an error', () => {
    const lines: string[] = [];
    logListenerFailures({ ...silentLogger, error: (line) => lines.push(line) })(new TypeError('it broke'));
    expect(lines).toEqual(['A listener failed: TypeError: it broke']);
  });
});
