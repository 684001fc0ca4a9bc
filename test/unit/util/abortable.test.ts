import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/lib/util/abortable.js';

describe('Cancellation', () => {
  it('Cancellation calls its listener once, with the first reason', () => {
    const cancellation = new Cancellation();
    let calls = 0;
    cancellation.addEventListener('abort', () => calls++);
    cancellation.cancel('first');
    cancellation.cancel('second');
    expect([calls, cancellation.aborted, cancellation.reason]).toEqual([1, true, 'first']);
  });

  it('Cancellation does not call a listener that was removed', () => {
    const cancellation = new Cancellation();
    let calls = 0;
    const listener = () => calls++;
    const other = () => {};
    cancellation.addEventListener('abort', listener);
    cancellation.removeEventListener('abort', other);
    cancellation.removeEventListener('abort', listener);
    cancellation.cancel('reason');
    expect([calls, cancellation.aborted]).toEqual([0, true]);
  });
});
