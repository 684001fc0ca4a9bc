/* oxlint-disable unicorn/prefer-add-event-listener -- each kind of listener is tested */
import { addAbortListener } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardSignal } from '../../../src/lib/util/guard-signal.js';

/** A signal whose listeners are guarded, what they throw, and its controller. */
function guardedSignal() {
  const controller = new AbortController();
  const failures: string[] = [];
  const signal = guardSignal(controller.signal, (error) => failures.push((error as Error).message));
  return { controller, signal, failures };
}

const fail = (): never => {
  throw new Error('mine');
};

describe('a guarded signal', () => {
  it('every kind of listener that throws or rejects is reported, and the others run', async () => {
    const { controller, signal, failures } = guardedSignal();
    let calls = 0;
    signal.addEventListener('abort', fail);
    signal.addEventListener('abort', { handleEvent: fail });
    // oxlint-disable-next-line typescript/no-misused-promises -- as programs do
    signal.addEventListener('abort', () => Promise.reject(new Error('rejected')));
    signal.onabort = fail;
    addAbortListener(signal, () => fail());
    signal.addEventListener('abort', () => calls++);
    controller.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures.toSorted()).toEqual(['mine', 'mine', 'mine', 'mine', 'rejected']);
    expect(calls).toBe(1);
    expect(signal).toBeInstanceOf(AbortSignal);
  });

  it('listeners have the event and the signal, and are added once, removed and replaced as always', () => {
    const { controller, signal } = guardedSignal();
    const seen: unknown[] = [];
    function listener(this: unknown, event: Event): void {
      seen.push([this === signal, event.type, event.target === signal]);
    }
    signal.addEventListener('abort', listener);
    signal.addEventListener('abort', listener, { once: true });
    const removed = (): void => void seen.push('removed');
    signal.addEventListener('abort', removed);
    signal.removeEventListener('abort', removed);
    signal.onabort = () => seen.push('replaced');
    signal.onabort = () => seen.push('onabort');
    expect(signal.onabort).toBeTypeOf('function');
    controller.abort();
    signal.onabort = null;
    expect(seen).toEqual([[true, 'abort', true], 'onabort']);
    expect(signal.onabort).toBeNull();
  });

  it('a listener is removed by the signal of its options, and null is ignored', () => {
    const { controller, signal, failures } = guardedSignal();
    const other = new AbortController();
    signal.addEventListener('abort', fail, { signal: other.signal });
    signal.addEventListener('abort', null as never);
    other.abort();
    controller.abort();
    expect(failures).toEqual([]);
  });
});
