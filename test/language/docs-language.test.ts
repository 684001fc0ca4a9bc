import { describe, expect, it } from 'vitest';
import { allDocuments } from '../helpers/docs/documents.js';
import { BANNED_PHRASES } from './banned-phrases.js';
import { described, findPhrases } from './find-phrases.js';

describe('the list of banned phrases', () => {
  it.each(BANNED_PHRASES)('$phrase is found in its example and not in the better phrase', (banned) => {
    expect(findPhrases(banned.example).map(({ phrase }) => phrase)).toContain(banned);
    expect(findPhrases(banned.better)).toEqual([]);
  });

  it('a phrase is found across the end of a line, also in a comment', () => {
    const lines = findPhrases('/**\n * It is kept\n * up.\n */\n').map(({ line }) => line);
    expect(lines).toEqual([2]);
  });
});

describe('README and docs', () => {
  it('no document uses a banned phrase', () => {
    const documents = allDocuments();
    const found = documents.flatMap(({ path, prose, blocks }) => [
      ...findPhrases(prose.map(({ text }) => text).join('\n')).map((finding) => described(path, finding)),
      ...blocks
        .filter(({ language }) => language !== 'output')
        .flatMap(({ text, line }) =>
          findPhrases(text).map((finding) => described(path, { ...finding, line: line + finding.line - 1 })),
        ),
    ]);
    expect(found).toEqual([]);
    console.log(`docs: ${documents.length} documents without ${BANNED_PHRASES.length} phrases`);
  });
});
