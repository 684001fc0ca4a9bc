import { expect, it } from 'vitest';
import { Fragment, messageText } from '../../../../src/lib/transport/channel/outgoing-message.js';

it('an outgoing message joins its fragments', () => {
  expect(messageText([new Fragment('{"id":'), 42, ',"text":"', new Fragment('a'), '"}'])).toBe(
    '{"id":42,"text":"a"}',
  );
});

it('an outgoing message that is a string is not changed', () => {
  expect(messageText('text')).toBe('text');
});

it('an outgoing message encodes a fragment once for each encoder in use', () => {
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
