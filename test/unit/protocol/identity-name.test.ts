import { describe, expect, it } from 'vitest';
import { nameProblem } from '../../../src/lib/protocol/identity-name.js';

describe('nameProblem', () => {
  it.each([
    ['', 'is empty'],
    ['a/b', 'contains "/"'],
    ['\u202eprod', 'contains control, invisible or bidirectional characters'],
    ['prod\u200d', 'contains control, invisible or bidirectional characters'],
    ['prod\ufe0f', 'contains control, invisible or bidirectional characters'],
    ['pro\u034fd', 'contains control, invisible or bidirectional characters'],
    ['prod\u115f', 'contains control, invisible or bidirectional characters'],
    ['prod\u{e0041}', 'contains control, invisible or bidirectional characters'],
    ['prod\u2800', 'contains control, invisible or bidirectional characters'],
    ['prod ', 'begins or ends with a space'],
    ['\uff50rod', 'looks like another name: write it in its normal form (NFKC), "prod"'],
  ])('nameProblem returns why %j is not a name', (text, problem) => {
    expect(nameProblem(text)).toBe(problem);
  });

  it.each(['prod', 'two words', '\u4e16\u754c', '\u{1f600}'])(
    'nameProblem accepts the name %j of a kite',
    (text) => {
      expect(nameProblem(text)).toBeUndefined();
    },
  );
});
