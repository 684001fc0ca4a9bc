import { expect, it } from 'vitest';
import { addPrefix } from '../../../../src/lib/transport/channel/expected-prefixes.js';

it('addPrefix stores the four latest prefixes, the latest first', () => {
  let prefixes: readonly number[] = [];
  for (let prefix = 1; prefix <= 6; prefix++) prefixes = addPrefix(prefixes, prefix);
  expect(prefixes).toEqual([6, 5, 4, 3]);
});
