import { describe, expect, it } from 'vitest';
import { ChangeLog } from '../../../../src/lib/kontrol/registry/change-log.js';
import { RegistryEntry } from '../../../../src/lib/kontrol/registry/registry-entry.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';

const entryOf = (id: string): RegistryEntry => new RegistryEntry(registration(id), 'connection', 0);

/** Returns the changes after a number, such as `REGISTER a 1`. */
function changesAfter(log: ChangeLog, number: number): string[] {
  const changes: string[] = [];
  for (let change = log.after(number); change; change = log.after(change.number))
    changes.push(`${change.action} ${change.entry.kite.id} ${change.number}`);
  return changes;
}

describe('the log of changes', () => {
  it('the log of changes has the last change of each kite, in the order of their numbers', () => {
    const log = new ChangeLog(10);
    const [a, b] = [entryOf('a'), entryOf('b')];
    log.push('REGISTER', a, 11);
    log.push('REGISTER', b, 12);
    log.push('UPDATE', a, 13);
    log.push('UPDATE', a, 14);
    expect(changesAfter(log, 10)).toEqual(['REGISTER a 11', 'REGISTER b 12', 'UPDATE a 14']);
    expect(changesAfter(log, 11)).toEqual(['REGISTER b 12', 'UPDATE a 14']);
    log.push('DEREGISTER', a, 15);
    expect(changesAfter(log, 10)).toEqual(['REGISTER b 12', 'DEREGISTER a 15']);
    expect([log.size, log.sizeAfter(12), log.sizeAfter(15), log.head]).toEqual([2, 1, 0, 15]);
  });

  it('the log of changes forgets what has been removed from it', () => {
    const log = new ChangeLog(0);
    const [a, b] = [entryOf('a'), entryOf('b')];
    log.push('REGISTER', a, 1);
    log.push('UPDATE', a, 2);
    log.push('REGISTER', b, 3);
    log.trim(2);
    expect(changesAfter(log, 0)).toEqual(['REGISTER b 3']);
    log.push('UPDATE', a, 4);
    expect(log.after(3)).toMatchObject({ action: 'UPDATE', registered: undefined });
    log.trim(4);
    expect([log.size, log.head]).toEqual([0, 4]);
  });

  it('the log of changes does not grow when one kite changes without end', () => {
    const log = new ChangeLog(0);
    const [a, b] = [entryOf('a'), entryOf('b')];
    log.push('REGISTER', b, 1);
    for (let number = 2; number < 10_000; number++) log.push('REGISTER', a, number);
    expect(changesAfter(log, 0)).toEqual(['REGISTER b 1', 'REGISTER a 9999']);
    expect(log.size).toBe(2);
    log.trim(9999);
    expect([log.size, log.sizeAfter(0)]).toEqual([0, 0]);
  });
});
