import { expect, it } from 'vitest';
import { parseJson } from '../../../src/lib/util/parse-json.js';

it.each([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  ['{', undefined],
  ['', undefined],
])('parseJson converts the text %j to %j', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});
