import { describe, expect, it } from 'vitest';
import { HttpRoutes } from '../../../../src/lib/kite/serve/http-routes.js';

function routes(...paths: readonly string[]): HttpRoutes<string> {
  const made = new HttpRoutes<string>();
  for (const path of paths) made.add(path, { handler: path });
  return made;
}

describe('the HTTP routes of a kite', () => {
  const table = routes('/healthz', '/files/', '/files/private/', '/files/exact');

  it.each([
    ['/healthz', '/healthz'],
    ['/healthz?verbose=1', '/healthz'],
    ['/healthz/', undefined],
    ['/healthz2', undefined],
    ['/files', undefined],
    ['/files/', '/files/'],
    ['/files/a/b', '/files/'],
    ['/files/private/a', '/files/private/'],
    ['/files/exact', '/files/exact'],
    ['/', undefined],
    ['', undefined],
  ])('the HTTP route for %j is %s', (url, path) => {
    expect(table.find(url)?.handler).toBe(path);
  });

  it('the HTTP route "/" handles paths without a longer route', () => {
    const withRoot = routes('/', '/files/');
    expect(withRoot.find('/anything')?.handler).toBe('/');
    expect(withRoot.find('/files/a')?.handler).toBe('/files/');
  });

  it('an HTTP route that does not begin with "/" is rejected', () => {
    expect(() => routes('files')).toThrow(TypeError);
  });
});
