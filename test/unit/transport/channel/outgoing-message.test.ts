import { expect, it } from 'vitest';
import { Fragment, messageText } from '../../../../src/lib/transport/channel/outgoing-message.js';

it('joins the pieces of a message', () => {
  expect(messageText([new Fragment('{"id":'), 42, ',"text":"', new Fragment('a'), '"}'])).toBe(
    '{"id":42,"text":"a"}',
  );
});

it('returns a message that is a string unchanged', () => {
  expect(messageText('text')).toBe('text');
});

it('encodes a fragment once for each encoder in use', () => {
  const encoded: string[] = [];
  const upper = (text: string): string => {
    encoded.push(text);
    return text.toUpperCase();
  };
  const fragment = new Fragment('text');
  expect([fragment.encoded(upper), fragment.encoded(upper)]).toEqual(['TEXT', 'TEXT']);
  expect(encoded).toEqual(['text']);
  expect(fragment.encoded((text) => `<${text}>`)).toBe('<text>');
  expect(fragment.encoded(upper)).toBe('TEXT');
});
