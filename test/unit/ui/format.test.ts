import { describe, expect, it } from 'vitest';
import { connectionHint } from '../../../src/ui/connection-hint.js';
import { formatAge, formatMs, formatValue } from '../../../src/ui/format.js';
import { readMethods } from '../../../src/ui/methods.js';

describe('texts of the page', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [12_000_000, '3 h 20 min'],
    [90_000_000, '1 d 1 h'],
  ])('say of %d ms how long that is: %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  it.each([
    [0.123, '0.1 ms'],
    [12.6, '13 ms'],
    [12_345, '12.3 s'],
  ])('say of %d ms how long a call took: %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('name what JSON has no word for', () => {
    expect(formatValue(undefined)).toBe('undefined');
    expect(formatValue({ call: () => 0 })).toBe('{\n  "call": "[Function]"\n}');
  });
});

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

describe('why a page may not reach a kite', () => {
  const page = (url: string) => new URL(url);

  it('is not known between this machine and itself', () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://localhost:4000/'))).toBeUndefined();
  });

  it('is that pages which came over https call no kites over http', () => {
    expect(connectionHint('ws://10.0.0.1:1/kite', page('https://kontrol.example.com/'))).toMatch(
      /over https/,
    );
  });

  it("is that the kite is at somebody else's loopback", () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://kontrol.example.com/'))).toMatch(
      /only for who runs there/,
    );
  });

  it('is that kites let in pages of other origins only where they are told to', () => {
    expect(connectionHint('https://k.example.com/kite', page('https://kontrol.example.com/'))).toMatch(
      /--allow-origin https:\/\/kontrol\.example\.com,/,
    );
  });
});
