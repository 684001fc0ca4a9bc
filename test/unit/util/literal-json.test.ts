import { describe, expect, it } from 'vitest';
import {
  parseLiterally,
  parseNumbers,
  stringifyLiterals,
  writeLiterals,
} from '../../../src/lib/util/literal-json.js';
import { NumberLiteral } from '../../../src/lib/util/number-literal.js';
import { HOSTILE_NUMBERS } from '../../helpers/hostile-numbers.js';

const places: readonly ((number: string) => string)[] = [
  (number) => number,
  (number) => `[${number}]`,
  (number) => `{"id":${number}}`,
  (number) => `{"1":${number},"__proto__":${number}}`,
  (number) => `["${number}","\\"${number}","\\\\",${number},"x\\\\\\"",{"a ${number}":[${number}]}]`,
];

describe('parseLiterally and stringifyLiterals', () => {
  const cases = HOSTILE_NUMBERS.flatMap((number) => places.map((place) => place(number)));

  it.each(cases)('%s is the same after it was parsed and written', (json) => {
    expect(stringifyLiterals(parseLiterally(json))).toBe(json);
  });

  it('numbers that JavaScript writes as they are, and strings, are not literals', () => {
    const json = '{"a":[0,-1,1.5,1e-7,9007199254740992],"b":"1e400","c":"9007199254740993"}';
    expect(parseLiterally(json)).toEqual(JSON.parse(json));
  });

  it('a hundred thousand levels of nesting are parsed like by JSON.parse', () => {
    const json = `${'['.repeat(100_000)}1e400${']'.repeat(100_000)}`;
    let value = parseLiterally(json);
    while (Array.isArray(value)) [value] = value as unknown[];
    expect(value).toEqual(new NumberLiteral('1e400'));
  });

  it('JSON that is not valid is an error like that of JSON.parse', () => {
    expect(() => parseLiterally('[1e400')).toThrow(SyntaxError);
    expect(() => parseNumbers('[01]', () => true)).toThrow(SyntaxError);
  });

  it('stringifyLiterals supports a replacer and an indent, and values with their own form', () => {
    const literal = new NumberLiteral('1e400');
    const value = { a: [literal, () => 1, new Date(0)], b: undefined };
    const replacer = (_key: string, item: unknown): unknown => (typeof item === 'function' ? 'f' : item);
    expect(stringifyLiterals(value, replacer)).toBe('{"a":[1e400,"f","1970-01-01T00:00:00.000Z"]}');
    expect(stringifyLiterals([literal], undefined, 2)).toBe('[\n  1e400\n]');
    expect(stringifyLiterals(undefined)).toBeUndefined();
  });

  it('stringifyLiterals fails like JSON.stringify for a value without literals', () => {
    expect(() => stringifyLiterals([1n])).toThrow(TypeError);
  });

  it('writeLiterals gives the writer a string instead of each literal', () => {
    const write = (marked: unknown): string => `<${(marked as string[]).join(' ')}>`;
    expect(writeLiterals([new NumberLiteral('1e400'), 'text'], write)).toBe('<1e400 text>');
    expect(writeLiterals(['1e400'], write)).toBe('<1e400>');
  });
});
