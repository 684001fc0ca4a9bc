import { expect, it } from 'vitest';
import { messageOf, toError } from '../../../src/lib/util/message-of.js';

it.each([
  [new Error('it broke'), 'it broke'],
  [new TypeError(''), ''],
  ['just a string', 'just a string'],
  [undefined, 'undefined'],
  [5, '5'],
])('the message of the thrown value %o is %j', (thrown, words) => {
  expect(messageOf(thrown)).toBe(words);
});

it('toError returns an error unchanged, and converts any other value to one', () => {
  const error = new Error('no');
  expect(toError(error)).toBe(error);
  expect(toError('no')).toEqual(error);
});
