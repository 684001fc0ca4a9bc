import { expect, it } from 'vitest';
import { toHttp, toWebSocket } from '../../../src/lib/util/web-url.js';

it.each([
  ['ws://a:1/kite', 'http://a:1/kite'],
  ['wss://a/ws', 'https://a/ws'],
  ['http://ws/', 'http://ws/'],
])('toHttp converts %s to %s', (url, converted) => {
  expect(toHttp(url)).toBe(converted);
});

it.each([
  ['http://a:1/kite', 'ws://a:1/kite'],
  ['https://a/http', 'wss://a/http'],
  ['wss://http/', 'wss://http/'],
])('toWebSocket converts %s to %s', (url, converted) => {
  expect(toWebSocket(url)).toBe(converted);
});
