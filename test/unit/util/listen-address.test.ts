import { describe, expect, it } from 'vitest';
import { isAnyAddress, isOwnHost, urlHost } from '../../../src/lib/util/listen-address.js';

describe('the address of a listener', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', false],
    ['localhost', 'localhost', false],
    ['0.0.0.0', '127.0.0.1', true],
    ['::', '[::1]', true],
    ['::1', '[::1]', false],
    ['fd00::7', '[fd00::7]', false],
  ])('a listener at %s is reached at %s from this machine, at every address of it: %s', (ip, host, any) => {
    expect(urlHost(ip)).toBe(host);
    expect(isAnyAddress(ip)).toBe(any);
  });

  it.each([
    ['localhost', true],
    ['[::1]', true],
    ['127.0.0.1', true],
    ['0.0.0.0', true],
    ['[::]', true],
    ['192.0.2.7', false],
    ['[fd00::7]', false],
    ['kites.example.com', false],
  ])('a URL with the host %s leads to the machine that uses it: %s', (host, own) => {
    expect(isOwnHost(host)).toBe(own);
  });
});
