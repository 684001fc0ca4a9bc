import { describe, expect, it, onTestFinished } from 'vitest';
import { CallbackTable } from '../../../src/lib/dnode/callback-table.js';

const fn = (): void => {};

function newTable(): CallbackTable<object> {
  const table = new CallbackTable<object>();
  onTestFinished(() => table.clear());
  return table;
}

describe('the callback table', () => {
  it('the callback table assigns numbers from 0 that are never reused', () => {
    const table = newTable();
    const first = table.add({});
    table.delete(first);
    expect([first, table.add({}), table.add({})]).toEqual([0, 1, 2]);
  });

  it('the callback table has no entry for a number that was never assigned or was forgotten', () => {
    const table = newTable();
    const entry = {};
    const number = table.add(entry);
    expect(table.get(number)).toBe(entry);
    table.delete(number);
    expect(table.get(number)).toBeUndefined();
    expect(table.get(99)).toBeUndefined();
  });

  it('the callback table keeps the number of a function that is passed again', () => {
    const table = newTable();
    expect(table.share(fn)).toBe(table.share(fn));
    expect(table.size).toBe(1);
    table.deleteEntry(fn);
    expect(table.size).toBe(0);
    expect(table.share(fn)).toBe(1);
  });
});
