import { describe, expect, it } from 'vitest';
import { checkedPlace } from '../../../../src/lib/cli/kites/kite-folder.js';
import { placeOfManifest } from '../../../../src/lib/cli/kites/manifest-folder.js';

describe('the folder of a kite', () => {
  const kite = { name: 'math', version: '1.0.0' };

  it.each([
    ['https://example.com/bob/math/.kite.json', 'example.com/bob/math'],
    ['https://example.com/bob/math.kite/.kite.json', 'example.com/bob/math.kite'],
    ['https://example.com:8443/kites/bob/.kite.json', 'example.com_8443/bob/math'],
    ['https://example.com/.kite.json', 'example.com/_/math'],
    ['https://example.com/math/.kite.json', 'example.com/_/math'],
  ])('the manifest at %s is installed to %s', (url, path) => {
    const { domain, user, repo } = checkedPlace(placeOfManifest({ type: 'manifest', url }, kite));
    expect(`${domain}/${user}/${repo}`).toBe(path);
  });

  it.each([
    ['math.kite', 'math.kite'],
    ['math', 'math'],
    ['kites', 'math'],
  ])('the repository %s is installed as %s', (repo, expected) => {
    const source = { type: 'github', user: 'bob', repo, url: '' } as const;
    expect(placeOfManifest(source, kite)).toEqual({
      domain: 'github.com',
      user: 'bob',
      repo: expected,
      version: '1.0.0',
    });
  });

  it('the folder of a kite rejects path segments that lead elsewhere', () => {
    const place = { domain: 'a', user: 'b', repo: 'c', version: '1.0.0' };
    for (const bad of ['..', '.', '', 'a/b', 'a\\b', '.git', '-x', 'a.', 'a b', 'a\u0000']) {
      expect(() => checkedPlace({ ...place, user: bad })).toThrow('not a plain name');
    }
    expect(() => checkedPlace({ ...place, version: '1' })).toThrow('1.2.3');
  });
});
