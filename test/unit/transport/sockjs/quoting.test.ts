import { describe, expect, it } from 'vitest';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { quote, quoteMessage } from '../../../../src/lib/transport/sockjs/quoting.js';

describe('quoting text for a SockJS frame', () => {
  it.each([
    ['plain text', 'plain text'],
    ['a few quotes and backslashes', 'a "quoted" \\ text'],
    ['many quotes and backslashes', '"\\'.repeat(100)],
    ['control characters', 'one\ntwo\ttab\u0000\u001f'],
    ['emoji', 'kite 🪁'],
    ['a lone surrogate', 'half \ud83e of it'],
    ['characters that browsers garble', '\u200c\u200f\u2028\u202f\u2060\u206f\ufff0\uffff'],
    ['an empty text', ''],
  ])('quoting encodes %s as the inside of a JSON string', (_what, text) => {
    expect(JSON.parse(`"${quote(text)}"`)).toBe(text);
  });

  it('quoting escapes the characters that SockJS requires, in text with few and with many other escapes', () => {
    expect(quote('\u2028\ud83e')).toBe('\\u2028\\ud83e');
    expect(quote(`${'"'.repeat(10)}\u2028`)).toBe(`${'\\"'.repeat(10)}\\u2028`);
  });

  it('quoting escapes a message in fragments like the same message as one string', () => {
    const message = [new Fragment('{"a":"'), 'b\\"', 42, new Fragment('"}')];
    expect(quoteMessage(message)).toBe(quoteMessage('{"a":"b\\"42"}'));
  });
});
