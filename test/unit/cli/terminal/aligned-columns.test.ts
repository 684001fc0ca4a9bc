import { describe, expect, it } from 'vitest';
import { ALIGNED_WIDTH } from '../../../../src/lib/cli/runtime/command-limits.js';
import { AlignedColumns } from '../../../../src/lib/cli/terminal/aligned-columns.js';

describe('AlignedColumns', () => {
  it('AlignedColumns makes columns as wide as the widest value so far', () => {
    const columns = new AlignedColumns();
    expect(['a', 'ccc', 'b'].map((text) => columns.line([text, 'x']))).toEqual(['a  x', 'ccc  x', 'b    x']);
    columns.widen(['dddd']);
    expect(columns.line(['b', ''])).toBe('b');
    expect(columns.line(['b', 'x'])).toBe('b     x');
  });

  it('AlignedColumns does not align to a very long value', () => {
    const columns = new AlignedColumns();
    columns.line(['x'.repeat(ALIGNED_WIDTH + 1), 'x']);
    expect(columns.line(['b', 'x'])).toBe('b  x');
    columns.line(['x'.repeat(ALIGNED_WIDTH), 'x']);
    expect(columns.line(['b', 'x'])).toHaveLength(ALIGNED_WIDTH + 3);
  });
});
