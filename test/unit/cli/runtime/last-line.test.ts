import { describe, expect, it } from 'vitest';
import { LastLine } from '../../../../src/lib/cli/runtime/last-line.js';

describe('the last line', () => {
  it('LastLine finds the last line in chunks of any size, and keeps only the end of a long one', () => {
    const last = new LastLine();
    for (let i = 0; i < 1000; i++) last.add(Buffer.from('x'.repeat(1000)));
    for (const piece of ['\nthe ', 'reason\n', ' \n']) last.add(Buffer.from(piece));
    expect(last.text()).toBe('the reason');
    expect(new LastLine().text()).toBe('');
  });
});
