import { describe, expect, it } from 'vitest';
import { readMethods } from '../../../src/ui/methods.js';

describe('the methods that a kite tells of', () => {
  it('are read, whatever else it has answered', () => {
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

  it.each([null, 'text', {}, { methods: 'none' }])('are none in %j', (answer) => {
    expect(readMethods(answer)).toEqual([]);
  });
});
