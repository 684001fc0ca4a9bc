import { describe, expect, it } from 'vitest';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { OTHER_LINES_LENGTH } from '../../../../src/lib/transport/limits/transport-limits.js';
import { decodeLines, fitsLine, readLines } from '../../../../src/lib/transport/sockjs/lines.js';

const LIMIT = 16 * 1024 * 1024;

describe('a frame of lines', () => {
  it.each([
    ['{}', ['{}']],
    ['{"a":1}\n{"b":"\\n"}\n{}', ['{"a":1}', '{"b":"\\n"}', '{}']],
    ['{"a":"\u2028"}\r\n{}', ['{"a":"\u2028"}\r', '{}']],
    ['{', ['{']],
  ])('a frame of lines has one message in each line: %j', (frame, messages) => {
    expect(decodeLines(frame, LIMIT)).toEqual({ type: 'messages', messages });
  });

  it.each(['{}\n', '{}\n\n{}', '\n', ''])('a frame with an empty line is rejected: %j', (frame) => {
    expect(decodeLines(frame, LIMIT)).toMatchObject({ type: 'violation', code: 1002 });
  });

  it('a line above the limit in bytes is rejected with 1009, and one at the limit is not', () => {
    const message = (bytes: number): string => `{"${'é'.repeat((bytes - 3) / 2)}"`;
    expect(decodeLines(`{}\n${message(101)}`, 101)).toMatchObject({ type: 'messages' });
    expect(decodeLines(`{}\n${message(103)}`, 101)).toMatchObject({ type: 'violation', code: 1009 });
  });

  it('a frame of lines above OTHER_LINES_LENGTH in addition to a message is rejected before it is read', () => {
    const frame = (length: number): string => `{}\n${'{}\n'.repeat(length / 3)}`.slice(0, length - 1);
    const read = (text: string) => readLines(text, 30, undefined, { deliverLine: () => false }) ?? 'accepted';
    expect(read(frame(OTHER_LINES_LENGTH + 30))).toBe('accepted');
    expect(read(frame(OTHER_LINES_LENGTH + 32))).toMatchObject({ code: 1009 });
  });

  it('a line that begins with an expected prefix is delivered without it', () => {
    const prefixes = [new Fragment('{"m":'), new Fragment('{"n":')];
    const lines: unknown[] = [];
    const receiver = {
      deliverLine: (text: string, prefix?: Fragment) => lines.push([prefix?.text, text]) > 0,
    };
    expect(readLines('{"n":1}\n{"x":2}\n{"m":', LIMIT, prefixes, receiver)).toBeUndefined();
    expect(lines).toEqual([
      ['{"n":', '1}'],
      [undefined, '{"x":2}'],
      ['{"m":', ''],
    ]);
  });

  it('a prefix is not found across two lines', () => {
    const lines: unknown[] = [];
    const receiver = { deliverLine: (text: string) => lines.push(text) > 0 };
    readLines('{"m"\n:1}', LIMIT, [new Fragment('{"m":')], receiver);
    expect(lines).toEqual(['{"m"', ':1}']);
  });

  it('the rest of a frame is not read after the receiver has stopped', () => {
    const lines: string[] = [];
    const receiver = { deliverLine: (text: string) => lines.push(text) < 2 };
    expect(readLines('{}\n{}\n\n', LIMIT, undefined, receiver)).toBeUndefined();
    expect(lines).toEqual(['{}', '{}']);
  });

  it.each([
    ['{"method":0}', true],
    ['{"a":"\\n"}', true],
    ['{"a":"\u2028😀"}', true],
    ['{\n  "method": 0\n}', false],
    ['{"method":0}\r', false],
    [' {"method":0}', false],
    ['["method"]', false],
    ['', false],
    ['{"a":"\ud83d"}', false],
  ])('a message of another peer is sent as a line if it survives that: %j', (message, fits) => {
    expect(fitsLine(message)).toBe(fits);
  });
});
