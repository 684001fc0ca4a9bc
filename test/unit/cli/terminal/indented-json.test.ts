import { describe, expect, it } from 'vitest';
import { indentedJson } from '../../../../src/lib/cli/terminal/indented-json.js';
import { largeValues } from '../../../helpers/cli/large-values.js';

describe('indentedJson', () => {
  it.each(Object.entries(largeValues))(
    'indentedJson formats %s as JSON.stringify does, in pieces',
    (_title, value) => {
      const pieces = [...indentedJson(value)];
      expect(pieces.join('')).toBe(`${JSON.stringify(value, null, 2)}\n`);
      expect(pieces.length).toBeGreaterThan(3);
    },
  );

  it('indentedJson formats a small value, a string, and undefined', () => {
    expect([...indentedJson({ a: [1] })].join('')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect([...indentedJson('a\u202e')].join('')).toBe('"a\\u202e"\n');
    expect([...indentedJson(undefined)].join('')).toBe('null\n');
  });
});
