import { describe, expect, it } from 'vitest';
import {
  closeFrame,
  decodeClientFrame,
  decodeServerFrame,
} from '../../../../src/lib/transport/sockjs/frames.js';

const LIMIT = 1000;

describe('frames of a client', () => {
  it.each([
    ['["a","b"]', ['a', 'b']],
    ['"a"', ['a']],
    ['[]', []],
    ['', []],
    [' [ "a" , "b" ] ', ['a', 'b']],
    ['["\\u0000\\ud800\\u2028","\\"\\\\"]', ['\u0000\ud800\u2028', '"\\']],
    ['["é😀"]', ['é😀']],
  ])('a client frame is parsed: %j', (text, messages) => {
    expect(decodeClientFrame(text, LIMIT)).toEqual({ type: 'messages', messages });
  });

  it.each([
    ['["a', 1007],
    ['a["a"]', 1007],
    ['["a"]x', 1007],
    ['"\n"', 1007],
    ['{', 1007],
    ['null', 1002],
    ['4', 1002],
    ['{"0":"a"}', 1002],
    ['["a",1]', 1002],
    ['[["a"]]', 1002],
    ['[null]', 1002],
    ['{"length":1,"0":"a","__proto__":[]}', 1002],
  ])('a malformed client frame is rejected: %j', (text, code) => {
    expect(decodeClientFrame(text, LIMIT)).toMatchObject({ type: 'violation', code });
  });
});

describe('frames of a server', () => {
  it.each([
    ['o', { type: 'open', extensions: [] }],
    ['o["lines"]', { type: 'open', extensions: ['lines'] }],
    ['o["unknown",7,null,"lines"]', { type: 'open', extensions: ['lines'] }],
    ['h', { type: 'heartbeat' }],
    ['a["x"]', { type: 'messages', messages: ['x'] }],
    ['a[]', { type: 'messages', messages: [] }],
    ['m"x"', { type: 'messages', messages: ['x'] }],
    ['c[3000,"Go away!"]', { type: 'close', code: 3000, reason: 'Go away!' }],
    ['c[1000,""]', { type: 'close', code: 1000, reason: '' }],
  ])('a server frame is parsed: %j', (text, frame) => {
    expect(decodeServerFrame(text, LIMIT)).toEqual(frame);
  });

  it.each([
    '',
    'x',
    'ox',
    'hh',
    'a',
    'a"x"',
    'a{}',
    'm["x"]',
    'c{}',
    'c["3000",""]',
    'c[3000]',
    'c[3000,1]',
    'c[1.5,""]',
    'a[1]',
  ])('a malformed server frame is rejected with 1002: %j', (text) => {
    expect(decodeServerFrame(text, LIMIT)).toMatchObject({ type: 'violation', code: 1002 });
  });

  it.each(['a[', 'a["x', 'c[', 'm"'])('a server frame with broken JSON is rejected with 1007: %j', (text) => {
    expect(decodeServerFrame(text, LIMIT)).toMatchObject({ type: 'violation', code: 1007 });
  });

  it('a formatted close frame is parsed again', () => {
    const reason = 'quotes " and \u2028';
    expect(decodeServerFrame(closeFrame(3001, reason), LIMIT)).toEqual({ type: 'close', code: 3001, reason });
  });
});

describe('limits of frames', () => {
  it('the message limit counts the bytes of each message, not of the frame', () => {
    const longest = 'é'.repeat(LIMIT / 2);
    expect(decodeClientFrame(JSON.stringify([longest, longest]), LIMIT)).toMatchObject({ type: 'messages' });
    expect(decodeClientFrame(JSON.stringify(['', `${longest}x`]), LIMIT)).toMatchObject({ code: 1009 });
    expect(decodeServerFrame(`a${JSON.stringify(['x'.repeat(LIMIT + 1)])}`, LIMIT)).toMatchObject({
      code: 1009,
    });
  });

  const large = 20_000_000;

  it.each([
    ['nested arrays', '['.repeat(5_000_000)],
    ['nested arrays behind a string', `["a",${'['.repeat(5_000_000)}`],
    ['numbers', `[${'1,'.repeat(2_000_000)}1]`],
    ['objects', `[${'{},'.repeat(1_000_000)}{}]`],
    ['a string without an end', `["${'\\"'.repeat(1_000_000)}`],
    ['white space', ' '.repeat(5_000_000)],
  ])('a large frame of %s is rejected without parsing it', (_name, text) => {
    expect(decodeClientFrame(text, large)).toMatchObject({ type: 'violation', code: 1002 });
  });

  it('a large frame is parsed whatever its strings contain', () => {
    const messages = ['[{"a":"\\\\"}]'.repeat(50_000), '\\', '"', ',', '', '[', 'x'.repeat(300_000)];
    expect(decodeClientFrame(JSON.stringify(messages), large)).toEqual({ type: 'messages', messages });
    expect(decodeClientFrame(JSON.stringify(messages, undefined, 2), large)).toEqual({
      type: 'messages',
      messages,
    });
    const one = 'y'.repeat(1_000_000);
    expect(decodeClientFrame(JSON.stringify(one), large)).toEqual({ type: 'messages', messages: [one] });
  });
});
