import { expect, it } from 'vitest';
import { messageOf } from '../../../src/lib/util/message-of.js';

it.each([
  [new Error('it broke'), 'it broke'],
  [new TypeError(''), ''],
  ['just a string', 'just a string'],
  [undefined, 'undefined'],
  [5, '5'],
])('the message of the thrown value %o is %j', (thrown, words) => {
  expect(messageOf(thrown)).toBe(words);
});
