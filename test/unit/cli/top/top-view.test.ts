import { describe, expect, it } from 'vitest';
import type { TopRow } from '../../../../src/lib/cli/top/kite-probe.js';
import { renderTop } from '../../../../src/lib/cli/top/top-view.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

describe('the screen of top', () => {
  const row = (name: string, more: Partial<TopRow> = {}): TopRow => ({
    kite: testIdentity({ name }),
    url: 'http://h/kite',
    asked: true,
    responds: true,
    latency: 1.26,
    load: 0.5,
    processors: 4,
    memoryUsage: 1024 ** 3,
    memoryTotal: 8 * 1024 ** 3,
    ...more,
  });
  const bold = (text: string): string => text;
  const size = { columns: 100, rows: 10 };

  it('the screen of top has a line for each kite', () => {
    const rows = [
      row('math'),
      row('other', { responds: false, latency: null, load: null, memoryUsage: null }),
      row('new', { asked: false, responds: null, latency: null }),
    ];
    expect(renderTop({ title: '/bob', rows, size, bold })).toEqual([
      '/bob',
      '',
      'KITE   VERSION  ENVIRONMENT  HOSTNAME  LATENCY    LOAD       MEMORY',
      'math   1.0.0    prod         vm        1.3 ms     0.50 of 4  1.0 of 8.0 GiB',
      'other  1.0.0    prod         vm        no answer',
      'new    1.0.0    prod         vm        not asked  0.50 of 4  1.0 of 8.0 GiB',
    ]);
  });

  it('the screen of top fits the terminal and escapes the control characters of kites', () => {
    const rows = Array.from({ length: 20 }, (_, index) => row(`kite-${index}\u001b[31m`));
    const lines = renderTop({ title: '/bob', rows, size: { columns: 30, rows: 8 }, bold });
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe('… and 16 more');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30);
    expect(lines.join('')).not.toContain('\u001b');
  });
});
