import { describe, expect, it } from 'vitest';
import {
  describeCondition,
  parseWaitPart,
  waitCondition,
} from '../../../../src/lib/cli/query/wait-condition.js';

describe('waitCondition', () => {
  it('waitCondition waits for a kite that is registered by default', () => {
    expect(waitCondition([])).toEqual({ state: 'registered', count: 1 });
  });

  it('waitCondition combines a state and a count', () => {
    expect(waitCondition(['answering', 'count=3'])).toEqual({ state: 'answering', count: 3 });
    expect(waitCondition(['count=3'])).toEqual({ state: 'registered', count: 3 });
    expect(waitCondition(['registered', 'answering'])).toEqual({ state: 'answering', count: 1 });
  });

  it('waitCondition rejects conditions that contradict each other', () => {
    for (const values of [
      ['gone', 'answering'],
      ['gone', 'registered'],
      ['gone', 'count=2'],
      ['count=1', 'count=2'],
    ])
      expect(() => waitCondition(values)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('parseWaitPart accepts nothing but conditions', () => {
    expect(parseWaitPart('count=100')).toEqual({ count: 100 });
    for (const text of ['', 'up', 'count', 'count=0', 'count=-1', 'count=1.5', 'count=1e3', 'Gone'])
      expect(parseWaitPart(text), text).toBeUndefined();
  });

  it('describeCondition describes a condition for messages', () => {
    expect(describeCondition({ state: 'answering', count: 3 }, '/bob')).toBe('3 kites of /bob to answer');
    expect(describeCondition({ state: 'registered', count: 1 }, '/bob')).toBe('a kite of /bob to register');
    expect(describeCondition({ state: 'gone', count: 1 }, '/bob')).toBe('the kites of /bob to be gone');
  });
});
