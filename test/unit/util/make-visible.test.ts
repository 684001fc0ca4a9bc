import { describe, expect, it } from 'vitest';
import { makeVisible } from '../../../src/lib/util/make-visible.js';

describe('makeVisible', () => {
  it.each([
    ['a line\nand a forged one', String.raw`a line\nand a forged one`],
    ['\r\t', String.raw`\r\t`],
    ['\u001b[2J\u001b]0;title\u0007', String.raw`\x1b[2J\x1b]0;title\x07`],
    ['\u0000\u007f\u009b31m\u0085', String.raw`\x00\x7f\x9b31m\x85`],
    ['evil\u202etxt.exe\u2066\u200b\ufeff', String.raw`evil\u202etxt.exe\u2066\u200b\ufeff`],
    ['\u2028\u2029', String.raw`\u2028\u2029`],
    ['\u{e0041}\u{e0002}\u061c', String.raw`\u{e0041}\u{e0002}\u061c`],
    ['half \ud83d', String.raw`half \ud83d`],
  ])('makeVisible escapes hidden characters in %j', (text, visible) => {
    expect(makeVisible(text)).toBe(visible);
  });

  it.each(['plain text \\ "quoted"', 'Grüße, 世界, שלום, नमस्ते', '😀 👩‍💻 é', 'می‌خواهم', ''])(
    'makeVisible does not change %j',
    (text) => {
      expect(makeVisible(text)).toBe(text);
    },
  );

  it('makeVisible keeps line feeds and tabs on request, and escapes everything else', () => {
    expect(makeVisible('a\n\tb\r\n\u001b', { newlines: true })).toBe('a\n\tb\\r\n\\x1b');
  });
});
