import { describe, expect, it } from 'vitest';
import { allPages } from '../helpers/docs/pages.js';
import { BANNED_PHRASES } from './banned-phrases.js';
import { described, findPhrases } from './find-phrases.js';

/** Pages whose sentences come from the source, where they are checked. */
const GENERATED = new Set(['docs/cli.md', 'docs/configuration.md', 'docs/errors.md', 'docs/limits.md']);

describe('the list of phrases that are not allowed', () => {
  it.each(BANNED_PHRASES)('finds $phrase in its example', (banned) => {
    expect(findPhrases(banned.example).map(({ phrase }) => phrase)).toContain(banned);
    expect(findPhrases(banned.better)).toEqual([]);
  });

  it('finds a phrase across the end of a line, also in a comment', () => {
    const lines = findPhrases('/**\n * It is kept\n * up.\n */\n').map(({ line }) => line);
    expect(lines).toEqual([2]);
  });
});

describe('README and docs', () => {
  it('use none of the phrases that are not allowed', () => {
    const pages = allPages().filter(({ path }) => !GENERATED.has(path));
    const found = pages.flatMap(({ path, prose, blocks }) => [
      ...findPhrases(prose.map(({ text }) => text).join('\n')).map((finding) => described(path, finding)),
      ...blocks
        .filter(({ language }) => language !== 'output')
        .flatMap(({ text, line }) =>
          findPhrases(text).map((finding) => described(path, { ...finding, line: line + finding.line - 1 })),
        ),
    ]);
    expect(found).toEqual([]);
    console.log(`docs: ${pages.length} pages without ${BANNED_PHRASES.length} phrases`);
  });
});
