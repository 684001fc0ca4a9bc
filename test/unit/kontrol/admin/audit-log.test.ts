import { describe, expect, it } from 'vitest';
import { type AuditEntry, AuditLog } from '../../../../src/lib/kontrol/admin/audit-log.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

function setUp(auditedRefusals = 1000) {
  const clock = new ManualClock();
  const entries: AuditEntry[] = [];
  const log = new AuditLog({
    write: (entry) => void entries.push(entry),
    limits: { auditedRefusals },
    clock,
  });
  return { clock, entries, log };
}

const call = { method: 'register', user: 'bob', address: '127.0.0.1' };

describe('the audit log', () => {
  it('the audit log omits the rest of a long target', () => {
    const { log, entries, clock } = setUp();
    log.write('register', call, 'x'.repeat(100_000));
    expect(entries).toMatchObject([
      { ...call, action: 'register', time: new Date(clock.now()).toISOString() },
    ]);
    expect(entries[0]?.target?.length).toBeLessThan(300);
  });

  it('the audit log counts the refused calls of a minute above auditedRefusals', () => {
    const { log, entries, clock } = setUp(2);
    for (let n = 0; n < 5; n++) log.refused(call, new Error(`reason ${n}`));
    expect(entries.map(({ reason }) => reason)).toEqual(['reason 0', 'reason 1']);
    clock.advance(60_000);
    log.refused(call, new Error('later'));
    log.refused(call, new Error('last'));
    expect(entries.slice(2).map(({ reason, omitted }) => [reason, omitted])).toEqual([
      ['later', 3],
      ['last', undefined],
    ]);
  });
});
