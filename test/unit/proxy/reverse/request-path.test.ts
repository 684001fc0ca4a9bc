import { describe, expect, it } from 'vitest';
import {
  parseHostTarget,
  parseRequestTarget,
  pathBelow,
} from '../../../../src/lib/proxy/reverse/request-path.js';

const ID = '136c93e2-4825-461b-9ecc-430765ec4582';

describe('a request path below /proxy/', () => {
  it.each([
    ['', ''],
    ['/', '/'],
    ['?x=1', '?x=1'],
    ['/124/e7d92801a4881470a9dc/websocket', '/124/e7d92801a4881470a9dc/websocket'],
    ['/info?t=1&u=a/../b?c', '/info?t=1&u=a/../b?c'],
    ['/a%20b/%C3%A4', '/a%20b/%C3%A4'],
    ['/%252e%252e/x', '/%252e%252e/x'],
    ['/a//b/', '/a//b/'],
    ['/a/./b/../c', '/a/c'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['//host/x', '/host/x'],
    ['/...', '/...'],
  ])('a request path with "%s" after the id is forwarded as "%s"', (given, rest) => {
    expect(parseRequestTarget(`/proxy/${ID}${given}`)).toEqual({ type: 'kite', id: ID, rest });
  });

  it.each(['/..', '/../other/x', '/a/../..', '/%2e%2e/x', '/a/.%2E/%2e./x', '/./../x'])(
    'a request path with "%s" is rejected with 404 because it leaves the kite',
    (given) => {
      expect(parseRequestTarget(`/proxy/${ID}${given}`)).toEqual({ type: 'notFound' });
    },
  );

  it.each([
    '/..%2fother',
    '/..%2Fother',
    '/..%5cother',
    '/..\\other',
    '/a%00',
    '/a%0d%0aHost:%20x',
    '/a%7f',
    '/%',
    '/%zz',
    '/a b',
    '/a#b',
    '/ä',
    '/x?a#b',
    '/x?a b',
  ])('a request path with "%s" is rejected as ambiguous', (given) => {
    expect(parseRequestTarget(`/proxy/${ID}${given}`)).toEqual({ type: 'invalid' });
  });

  it.each([
    '/proxy/',
    '/proxy',
    '/proxy//x',
    '/proxy/../kite',
    '/proxy/./x',
    '/proxy/.hidden',
    `/proxy/${ID}%2f`,
    `/proxy/a@b/x`,
    `/proxy/${'a'.repeat(129)}`,
    `//proxy/${ID}`,
    `http://proxy/proxy/${ID}`,
    `HTTP://internal/proxy/${ID}/x`,
    '*',
    '',
  ])('a request path without an id is rejected with 404: "%s"', (target) => {
    expect(parseRequestTarget(target)).toEqual({ type: 'notFound' });
  });
});

describe('a request to the host of a kite', () => {
  it.each([
    ['/', '/', ''],
    ['/kite?x=/../y', '/kite', '?x=/../y'],
    ['/a/./b/../c', '/a/c', ''],
    ['//host/x', '/host/x', ''],
  ])('a request to the host of a kite for %s has the path %s', (target, path, query) => {
    expect(parseHostTarget(target)).toEqual({ type: 'forwarded', path, query });
  });

  it.each(['', '*', 'http://kites.test/', 'kite', '/..', '/a/../..'])(
    'a request to the host of a kite for "%s" is not found',
    (target) => {
      expect(parseHostTarget(target)).toEqual({ type: 'notFound' });
    },
  );

  it.each(['/a%2fb', '/a\\b', '/a%00', '/\u00e4', '/?\n'])(
    'a request to the host of a kite for "%s" is invalid',
    (target) => {
      expect(parseHostTarget(target)).toEqual({ type: 'invalid' });
    },
  );

  it.each([
    ['/kite', '/kite', ''],
    ['/kite/info', '/kite', '/info'],
    ['/kitex', '/kite', undefined],
    ['/', '/kite', undefined],
    ['/x', '', '/x'],
    ['', '', ''],
  ])('the path %s below the registered path "%s" is %s', (path, root, below) => {
    expect(pathBelow(path, root)).toBe(below);
  });
});
