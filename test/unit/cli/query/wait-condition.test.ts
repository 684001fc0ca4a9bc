import { describe, expect, it } from 'vitest';
import {
  describeCondition,
  waitCondition,
  type WaitCondition,
} from '../../../../src/lib/cli/query/wait-condition.js';
import { WAIT_PARTS } from '../../../../src/lib/cli/settings/command-values.js';

/** The condition of values of `--for`. */
const conditionOf = (values: readonly string[]): WaitCondition =>
  waitCondition(WAIT_PARTS.parse(values) ?? []);

describe('waitCondition', () => {
  it('waitCondition waits for a kite that is registered by default', () => {
    expect(conditionOf([])).toEqual({ state: 'registered', count: 1 });
  });

  it('waitCondition combines a state and a count', () => {
    expect(conditionOf(['answering', 'count=3'])).toEqual({ state: 'answering', count: 3 });
    expect(conditionOf(['count=3'])).toEqual({ state: 'registered', count: 3 });
    expect(conditionOf(['registered', 'answering'])).toEqual({ state: 'answering', count: 1 });
  });

  it('waitCondition rejects conditions that contradict each other', () => {
    for (const values of [
      ['gone', 'answering'],
      ['gone', 'registered'],
      ['gone', 'count=2'],
      ['count=1', 'count=2'],
    ])
      expect(() => conditionOf(values)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('waitCondition gets nothing but conditions, repeated or separated by commas', () => {
    expect(WAIT_PARTS.parse('answering,count=100')).toEqual([{ state: 'answering' }, { count: 100 }]);
    expect(WAIT_PARTS.parse(['gone', 'count=1'])).toEqual([{ state: 'gone' }, { count: 1 }]);
    for (const text of ['', 'up', 'count', 'count=0', 'count=-1', 'count=1.5', 'count=1e3', 'Gone', 'gone,'])
      expect(WAIT_PARTS.parse(text), text).toBeUndefined();
  });

  it('describeCondition describes a condition for messages', () => {
    expect(describeCondition({ state: 'answering', count: 3 }, '/bob')).toBe('3 kites of /bob to answer');
    expect(describeCondition({ state: 'registered', count: 1 }, '/bob')).toBe('a kite of /bob to register');
    expect(describeCondition({ state: 'gone', count: 1 }, '/bob')).toBe('the kites of /bob to be gone');
  });
});
