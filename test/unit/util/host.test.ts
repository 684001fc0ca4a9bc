import { expect, it } from 'vitest';
import { withoutBrackets, withoutPort } from '../../../src/lib/util/host.js';

it.each([
  ['LOCALHOST.:3636', 'localhost'],
  ['localhost:', 'localhost'],
  ['Example.com', 'example.com'],
  ['[::1]:80', '[::1]'],
  ['[::1]', '[::1]'],
  ['', ''],
])('withoutPort converts the host %j to %j', (host, bare) => {
  expect(withoutPort(host)).toBe(bare);
});

it.each([
  ['[::1]', '::1'],
  ['::1', '::1'],
  ['localhost', 'localhost'],
  ['[::1', '[::1'],
])('withoutBrackets converts the host %j to %j', (host, bare) => {
  expect(withoutBrackets(host)).toBe(bare);
});
