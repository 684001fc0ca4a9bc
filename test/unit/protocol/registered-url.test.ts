import { expect, it } from 'vitest';
import { registeredUrl } from '../../../src/lib/protocol/registered-url.js';

it.each([
  ['http://a/kite', 'http://a/kite'],
  [{ url: 'http://a/kite' }, 'http://a/kite'],
  [{ url: 5 }, 5],
  [{}, undefined],
  [null, null],
  [undefined, undefined],
])('the argument %j of register has the URL %j', (argument, url) => {
  expect(registeredUrl(argument)).toBe(url);
});
