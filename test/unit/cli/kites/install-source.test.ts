import { describe, expect, it } from 'vitest';
import { parseSource } from '../../../../src/lib/cli/kites/install-source.js';

const exits = (exitCode: number): Error => expect.objectContaining({ exitCode }) as Error;

describe('install sources', () => {
  it.each([
    ['https://example.com/bob/math/.kite.json', { type: 'manifest' }],
    [
      'github.com/bob/math.kite',
      { type: 'github', url: 'https://raw.githubusercontent.com/bob/math.kite/HEAD/.kite.json' },
    ],
    ['github.com/bob/math/', { type: 'github', user: 'bob', repo: 'math' }],
    ['math', { type: 'npm', name: 'math', scope: undefined }],
    ['@bob/math@1.2.3', { type: 'npm', name: 'math', scope: 'bob', spec: '@bob/math@1.2.3' }],
    ['./math', { type: 'folder-or-file' }],
    ['/tmp/math', { type: 'folder-or-file' }],
    ['math-1.0.0.tar.gz', { type: 'file' }],
    ['math.tgz', { type: 'file' }],
  ])('an install source is recognized: %s', (text, source) => {
    expect(parseSource(text)).toMatchObject(source);
  });

  it.each([
    'http://example.com/.kite.json',
    'ftp://example.com/.kite.json',
    'file:///etc/passwd',
    'https://user:secret@example.com/.kite.json',
    'https://',
    'github.com/bob',
    'github.com/bob/math/tree/main',
    'github.com/../math',
    'github.com/bob/..',
    '--global',
    'math --global',
    'git+ssh://git@github.com/bob/math',
    'bob/math',
    'Math',
    '@bob/../math',
    '',
  ])('an install source is rejected: %j', (text) => {
    expect(() => parseSource(text)).toThrow(exits(2));
  });
});
