import { describe, expect, it } from 'vitest';
import { LossReport } from '../../../../src/lib/cli/query/loss-report.js';
import { FOLLOW_WARNINGS } from '../../../../src/lib/cli/runtime/command-limits.js';

describe('LossReport', () => {
  it('a lost connection is reported once for each reason, until there is a connection again', () => {
    const lines: string[] = [];
    const report = new LossReport((line) => lines.push(line));
    report.connected('http://kontrol/kite');
    for (let i = 0; i < 3; i++) report.lost(new Error('it is \u001b[31mdown'));
    report.connected('http://kontrol/kite');
    report.lost(new Error('it is away.'));
    expect(lines).toEqual([
      'warning: it is \\x1b[31mdown. Trying again until interrupted.',
      'note: Connected to Kontrol at http://kontrol/kite again.',
      'warning: it is away. Trying again until interrupted.',
    ]);
  });

  it('a Kontrol that fails with a different error each time is reported a limited number of times', () => {
    const lines: string[] = [];
    const report = new LossReport((line) => lines.push(line));
    for (let i = 0; i < FOLLOW_WARNINGS + 5; i++) report.lost(new Error(`failure ${i}`));
    expect(lines).toHaveLength(FOLLOW_WARNINGS);
  });
});
