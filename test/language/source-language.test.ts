import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/source-files.js';
import { BANNED_PHRASES } from './banned-phrases.js';
import { described, findPhrases } from './find-phrases.js';

/** Folders and files whose comments, messages, help and identifiers are checked. */
const CHECKED = [
  'src',
  'bin',
  'bench',
  'examples',
  'scripts',
  'test',
  '.ci',
  '.github',
  'package.json',
  'oclif.manifest.json',
  'vitest.config.ts',
];
const TEXT = /\.(?:ts|mts|js|mjs|cjs|json|md|html|css|sh|yml)$|^\.ci\/run$/;

/** Files that contain banned phrases on purpose, by their paths. */
const EXEMPT: ReadonlySet<string> = new Set([
  // The list itself, and the tests of the functions that use it.
  'test/language/banned-phrases.ts',
  'test/language/docs-language.test.ts',
  'test/language/test-titles.test.ts',
  'test/language/title-rules.ts',
  // Checks that the sentences of oclif are replaced.
  'test/unit/cli/frame/parse-errors.test.ts',
]);

/** Folders with recordings, files that others wrote, and installed packages. */
const FOREIGN = /^test\/fixtures\/(?!leaks\/)|\/node_modules\//;

function filesOf(path: string): string[] {
  if (TEXT.test(path)) return [path];
  return readdirSync(`${root}${path}`, { recursive: true, encoding: 'utf8' })
    .map((name) => `${path}/${name.replaceAll('\\', '/')}`)
    .filter((name) => TEXT.test(name) && !FOREIGN.test(name) && !EXEMPT.has(name));
}

describe('the language of the source', () => {
  it('no comment, message, help or name in the source uses a banned phrase', () => {
    const files = CHECKED.flatMap(filesOf);
    const found = files.flatMap((path) =>
      findPhrases(readFileSync(`${root}${path}`, 'utf8')).map((finding) => described(path, finding)),
    );
    expect(found).toEqual([]);
    expect(files.length).toBeGreaterThan(900);
    console.log(`source: ${files.length} files without ${BANNED_PHRASES.length} phrases`);
  });

  it('no comment line of src is longer than 132 columns', () => {
    const lines = filesOf('src').flatMap((path) =>
      readFileSync(`${root}${path}`, 'utf8')
        .split('\n')
        .map((text, index) => ({ place: `${path}:${index + 1}`, text })),
    );
    const comments = lines.filter(({ text }) => /^ *(?:\/\*|\*|\/\/)/.test(text));
    expect(comments.filter(({ text }) => text.length > 132).map(({ place }) => place)).toEqual([]);
    console.log(`source: ${comments.length} comment lines`);
    expect(comments.length).toBeGreaterThan(5000);
  });
});
