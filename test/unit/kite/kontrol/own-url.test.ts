import { expect, it } from 'vitest';
import { reachabilityWarning } from '../../../../src/lib/kite/kontrol/own-url.js';

const remote = ['https://kontrol.example.com/kite'];

it.each([
  ['http://127.0.0.1:3636/kite', remote, true],
  ['http://localhost:3636/kite', remote, true],
  ['http://[::1]:3636/kite', remote, true],
  ['http://0.0.0.0:3636/kite', remote, true],
  ['http://[::]:3636/kite', remote, true],
  ['http://127.0.0.1:3636/kite', ['http://127.0.0.1:4000/kite', ...remote], true],
  ['http://10.0.0.9:3636/kite', remote, false],
  ['http://127.0.0.1:3636/kite', ['http://localhost:4000/kite'], false],
  ['http://127.0.0.1:3636/kite', [], false],
  ['no URL', remote, false],
])('a warning about the registered URL %s with the Kontrols %j: %s', (url, kontrols, warned) => {
  expect(reachabilityWarning(url, kontrols) !== undefined).toBe(warned);
});
