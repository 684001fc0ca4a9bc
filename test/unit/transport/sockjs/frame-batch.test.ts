import { describe, expect, it } from 'vitest';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { FrameBatch } from '../../../../src/lib/transport/sockjs/frame-batch.js';
import { decodeServerFrame } from '../../../../src/lib/transport/sockjs/frames.js';

const LIMIT = 16 * 1024 * 1024;

/** The first and last code points of each range that the protocol requires to be escaped, and their neighbors. */
const EDGES = [
  ['\u200b', '\u200c', '\u200f', '\u2010'],
  ['\u2027', '\u2028', '\u202f', '\u2030'],
  ['\u205f', '\u2060', '\u206f', '\u2070'],
  ['\uffef', '\ufff0', '\uffff', 'x'],
] as const;

describe('FrameBatch', () => {
  it('FrameBatch makes one frame of the messages that are added to it', () => {
    const batch = new FrameBatch('a[', LIMIT);
    batch.add('one');
    batch.add(['{"m":', 2, ',"k":', new Fragment('"tok\\en"'), '}']);
    expect(batch.count).toBe(2);
    expect(batch.take()).toBe('a["one","{\\"m\\":2,\\"k\\":\\"tok\\\\en\\"}"]');
    expect(batch.count).toBe(0);
    batch.add('three');
    expect(batch.take()).toBe('a["three"]');
  });

  it.each(EDGES)('FrameBatch escapes characters from %j to %j', (before, first, last, after) => {
    const batch = new FrameBatch('a[', LIMIT);
    batch.add(`${before}${first}${last}${after}`);
    const code = (text: string) => `\\u${text.charCodeAt(0).toString(16)}`;
    expect(batch.take()).toBe(`a["${before}${code(first)}${code(last)}${after}"]`);
  });

  it('FrameBatch escapes every surrogate and every control character, and they are parsed back', () => {
    let text = '';
    for (let unit = 0; unit < 0x10000; unit += unit < 0x3000 || unit > 0xd000 ? 1 : 97) {
      text += String.fromCharCode(unit);
    }
    const batch = new FrameBatch('a[', LIMIT);
    batch.add(text);
    const frame = batch.take();
    expect(frame).not.toMatch(
      // oxlint-disable-next-line no-control-regex -- that there are none is what is tested
      /[\u0000-\u001f\ud800-\udfff\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/,
    );
    expect(decodeServerFrame(frame, LIMIT)).toEqual({ type: 'messages', messages: [text] });
  });

  it('FrameBatch makes frames of lines if the hop supports them, and arrays of messages that are not one line', () => {
    const batch = new FrameBatch('a[', LIMIT);
    const frames: string[] = [];
    const add = (message: string | readonly string[]): void => {
      if (batch.isUnlike(message)) frames.push(batch.take());
      batch.add(message);
    };
    add('{"before":1}');
    batch.lines = true;
    add(['{"m"', ':1}']);
    add('{"n":" "}');
    add('{\n"printed":1}');
    add(' {}');
    add('{"last":1}');
    frames.push(batch.take());
    expect(frames).toEqual([
      'a["{\\"before\\":1}"]',
      '{"m":1}\n{"n":" "}',
      'a["{\\n\\"printed\\":1}"," {}"]',
      '{"last":1}',
    ]);
    expect(batch.isUnlike('[]')).toBe(false);
  });

  it('FrameBatch is full at eight messages, at twice as many in each further frame of a turn, and at 16 KiB', () => {
    const batch = new FrameBatch('a[', LIMIT);
    const fill = (message: string): number => {
      while (!batch.isFull) batch.add(message);
      const { count } = batch;
      batch.take();
      return count;
    };
    expect([fill('x'), fill('x'), fill('x')]).toEqual([8, 16, 32]);
    expect(fill('x'.repeat(4096))).toBe(4);
    expect(fill('x')).toBe(64);
    batch.endTurn();
    expect([fill('x'), fill('x')]).toEqual([8, 16]);
  });

  it('FrameBatch rejects a line above the limit in bytes, and keeps the others', () => {
    const batch = new FrameBatch('[', 10);
    batch.lines = true;
    expect([batch.add('{"éé":1}'), batch.add('{"éé":10}'), batch.add('{}')]).toEqual([true, false, true]);
    expect(batch.take()).toBe('{"éé":1}\n{}');
  });

  it('FrameBatch rejects a message above the limit in bytes, and keeps the others', () => {
    const batch = new FrameBatch('[', 10);
    expect(batch.add('ééééé')).toBe(true);
    expect(batch.add('éééééx')).toBe(false);
    expect(batch.add('"""""\\\\\\\\\\')).toBe(true);
    expect(batch.take()).toBe(`["ééééé",${JSON.stringify('"""""\\\\\\\\\\')}]`);
  });
});
