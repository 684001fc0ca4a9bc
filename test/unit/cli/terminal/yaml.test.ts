import { afterEach, describe, expect, it, vi } from 'vitest';
import { Document, parse } from 'yaml';
import { parseLiterally } from '../../../../src/lib/util/literal-json.js';
import { toYaml, yamlPieces } from '../../../../src/lib/cli/terminal/yaml.js';
import { largeValues } from '../../../helpers/cli/large-values.js';
import { HOSTILE_NUMBERS } from '../../../helpers/hostile-numbers.js';

describe('toYaml', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('toYaml formats a value as a document, without folding long lines', () => {
    const long = 'word '.repeat(50).trim();
    expect(toYaml({ name: 'math', tags: ['a', 'b'], long })).toBe(
      `name: math\ntags:\n  - a\n  - b\nlong: ${long}\n`,
    );
  });

  it.each([
    '\u001b[31m',
    'a\tb',
    '\u009b31m',
    '\u202e',
    '\u061c\u200b\ufeff',
    '\u{e0041}',
    'yes: "no"',
    '- 4',
    '',
    ' x ',
  ])('toYaml formats %j so that it is parsed back, without control characters', (text) => {
    const yaml = toYaml({ text });
    expect(parse(yaml)).toEqual({ text });
    // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
    expect(yaml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u202e\ufeff\u{e0041}]/u);
  });

  it.each(HOSTILE_NUMBERS)('toYaml formats the number %s as it is written', (number) => {
    const value = parseLiterally(`{"a":${number},"b":[${number},"${number}"],"${number}":1}`);
    expect(toYaml(value)).toMatch(/^a: (\S+)\nb:\n {2}- \1\n {2}- "\1"\n"?\1"?: 1\n$/);
    expect(toYaml(parseLiterally(number))).toBe(`${number}\n`);
  });

  it.each([0x11, 0x1e, 0xe1, 0xff, 0x00])(
    'toYaml formats exact numbers as numbers if each random byte is %i',
    (byte) => {
      vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
        if (bytes instanceof Uint8Array) bytes.fill(byte);
        return bytes;
      });
      const yaml = toYaml(parseLiterally('[9007199254740993,1e400,-0]'));
      expect(yaml).toBe('- 9007199254740993\n- 1e400\n- -0\n');
    },
  );

  it('toYaml formats a value without JSON form as JSON does', () => {
    expect(toYaml(undefined)).toBe('null\n');
    expect(toYaml({ call: () => 4 })).toBe('call: "[Function]"\n');
  });

  it.each(Object.entries(largeValues))('yamlPieces formats %s as one document, in pieces', (title, value) => {
    const pieces = [...yamlPieces(value)];
    const text = pieces.join('');
    expect(parse(text)).toEqual(value);
    expect(pieces.length).toBeGreaterThan(1);
    // The value of a long key begins on the line of the colon if the document is made at once.
    if (!title.includes('long key')) expect(text).toBe(new Document(value).toString({ lineWidth: 0 }));
  });
});
