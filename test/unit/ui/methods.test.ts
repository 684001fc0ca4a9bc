import { describe, expect, it } from 'vitest';
import { readMethods } from '../../../src/ui/methods.js';

describe('the methods of a kite', () => {
  it('the methods of a kite are read, whatever else its answer contains', () => {
    const answer = {
      methods: [
        { name: 'square', description: 'n²', jsonSchema: { type: 'array' } },
        { name: 7 },
        null,
        { name: 'x' },
      ],
    };
    expect(readMethods(answer)).toEqual([
      { name: 'square', description: 'n²', schema: { type: 'array' } },
      { name: 'x', description: '', schema: undefined },
    ]);
  });

  it.each([null, 'text', {}, { methods: 'none' }])('the methods of a kite are empty for %j', (answer) => {
    expect(readMethods(answer)).toEqual([]);
  });
});
