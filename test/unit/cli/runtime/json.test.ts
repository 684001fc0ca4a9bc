import { describe, expect, it } from 'vitest';
import { escapeControl, toField, toJson } from '../../../../src/lib/cli/runtime/json.js';

describe('toJson', () => {
  it.each([
    [{ a: [1, 'b', null] }, '{"a":[1,"b",null]}'],
    [undefined, 'null'],
    [{ call: () => 4 }, '{"call":"[Function]"}'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['\u009b31m \u202e', '"\\u009b31m \\u202e"'],
    ['\u061c\u200b\ufeff\u{e0041}', '"\\u061c\\u200b\\ufeff\\udb40\\udc41"'],
  ])('toJson writes %j as %s', (value, json) => {
    expect(toJson(value)).toBe(json);
  });

  it('toJson writes JSON that JSON.parse reads back', () => {
    const text = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
    expect(JSON.parse(toJson(text))).toBe(text);
  });

  it('toJson does not change the joiners of emoji', () => {
    expect(toJson('\u{1f469}\u200d\u{1f4bb}')).toBe('"\u{1f469}\u200d\u{1f4bb}"');
  });

  it('toJson indents the JSON if it is requested', () => {
    expect(toJson([1], 2)).toBe('[\n  1\n]');
  });
});

describe('toField', () => {
  it.each([
    ['plain', 'plain'],
    ['a\tb\nc', 'a\\tb\\nc'],
    ['say "hi"', 'say "hi"'],
    ['back\\slash', 'back\\\\slash'],
    ['\u001b[2J', '\\u001b[2J'],
  ])('toField writes %j as %s', (text, field) => {
    expect(toField(text)).toBe(field);
  });
});

describe('escapeControl', () => {
  it('escapeControl changes only characters that control a terminal', () => {
    expect(escapeControl('naïve – \u{1f600}')).toBe('naïve – \u{1f600}');
    expect(escapeControl('a\u0085b\u2028c')).toBe('a\\u0085b\\u2028c');
  });
});
