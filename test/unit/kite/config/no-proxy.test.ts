import { expect, it } from 'vitest';
import { namesServer } from '../../../../src/lib/kite/config/no-proxy.js';

/** Values of NO_PROXY, each with a server and whether the value names it. */
const CASES: readonly (readonly [value: string, server: string, named: boolean])[] = [
  ['*', 'example.com:443', true],
  ['a.test,*', 'example.com:443', true],
  ['', 'example.com:443', false],
  [',', 'example.com:443', false],
  ['example.com', 'example.com:443', true],
  ['EXAMPLE.com', 'example.COM:443', true],
  ['example.com', 'example.com.:443', true],
  ['example.com.', 'example.com:443', true],
  ['example.com', 'kite.example.com:443', true],
  ['example.com', 'badexample.com:443', false],
  ['example.com', 'example.com.evil.test:443', false],
  ['kite.example.com', 'example.com:443', false],
  ['.example.com', 'kite.example.com:443', true],
  ['.example.com', 'a.kite.example.com:443', true],
  ['.example.com', 'example.com:443', false],
  ['*.example.com', 'kite.example.com:443', true],
  ['*.example.com', 'example.com:443', false],
  ['com', 'example.com:443', true],
  ['.', 'example.com:443', false],
  ['example.com:443', 'example.com:443', true],
  ['example.com:443', 'example.com:3636', false],
  ['.example.com:3636', 'kite.example.com:3636', true],
  [' a.test , example.com ', 'example.com:443', true],
  ['a.test example.com', 'example.com:443', true],
  ['10.1.2.3', '10.1.2.3:3636', true],
  ['10.1.2.3', '10.1.2.30:3636', false],
  ['10.1.2.3:3636', '10.1.2.3:3636', true],
  ['10.1.2.3:3636', '10.1.2.3:443', false],
  ['10.0.0.0/8', '10.1.2.3:3636', true],
  ['10.0.0.0/8', '11.1.2.3:3636', false],
  ['10.0.0.0/8', '10.example.com:3636', false],
  ['10.0.0.0/33', '10.1.2.3:3636', false],
  ['2.3', '10.1.2.3:3636', false],
  ['.3', '10.1.2.3:3636', false],
  ['fd00::1', '[fd00::1]:443', true],
  ['[fd00::1]', '[fd00::1]:443', true],
  ['[fd00::1]:443', '[fd00::1]:443', true],
  ['[fd00::1]:80', '[fd00::1]:443', false],
  ['fd00::/8', '[fd12::1]:443', true],
  ['fd00::/8', '[fe80::1]:443', false],
  ['FD00:0:0::1', '[fd00::1]:443', true],
  ['http://example.com', 'example.com:443', false],
  ['/', 'example.com:443', false],
];

it.each(CASES)('the value %j of NO_PROXY for %s: %s', (value, server, named) => {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(server) ?? [];
  expect(namesServer(value, host, Number(port))).toBe(named);
});

it('the forms of NO_PROXY are all covered', () => {
  console.log(`NO_PROXY: ${CASES.length} cases`);
  expect(CASES.length).toBeGreaterThan(40);
});
