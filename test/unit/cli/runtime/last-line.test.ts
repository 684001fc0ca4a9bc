import { describe, expect, it } from 'vitest';
import { LastLine } from '../../../../src/lib/cli/runtime/last-line.js';

describe('the last line', () => {
  it('is found in pieces of any size, and the beginning of a long text is not kept', () => {
    const last = new LastLine();
    for (let i = 0; i < 1000; i++) last.add(Buffer.from('x'.repeat(1000)));
    for (const piece of ['\nthe ', 'reason\n', ' \n']) last.add(Buffer.from(piece));
    expect(last.text()).toBe('the reason');
    expect(new LastLine().text()).toBe('');
  });
});
