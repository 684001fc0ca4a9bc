import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));

/** Every source file without its comments, by its path within `src`. */
const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [
      file.replaceAll(path.sep, '/'),
      withoutComments(readFileSync(path.join(SRC, file), 'utf8')),
    ]),
);

function withoutComments(source: string): string {
  return source.replace(/\/\*\*?[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Where a pattern occurs in `src` outside the files that may contain it: `file: text`. */
function occurrences(pattern: RegExp, allowed: (file: string) => boolean): readonly string[] {
  return Array.from(sources).flatMap(([file, text]) =>
    allowed(file) ? [] : (text.match(pattern) ?? []).map((found) => `${file}: ${found}`),
  );
}

describe('a setting', () => {
  const RESOLVER = 'lib/kite/config/resolve-setting.ts';
  const TABLES = /^lib\/(?:kite\/config\/kite|cli\/settings\/[a-z-]+)-settings\.ts$/;

  it('is declared in the tables of settings only: no other file has the name of its variable', () => {
    const names = /(['"])(?:KITE|KONTROL)_[A-Z_]+\1/g;
    const declared = occurrences(names, (file) => !TABLES.test(file));
    console.log(`one fact: ${declared.length} variables in tables, ${sources.size} files searched`);
    expect(declared.length).toBeGreaterThan(50);
    expect(occurrences(names, (file) => TABLES.test(file))).toEqual([]);
  });

  it('is read from the environment by the resolver only', () => {
    const reads = [
      /\benv(?:ironment)?\s*(?:\?\.)?\[(?!['"`])/g,
      /\benv\.(?:KITE|KONTROL)_/g,
      /process\.env\s*\[\s*[a-z]/g,
    ];
    expect(sources.get(RESOLVER)).toMatch(reads[0] ?? /^/);
    for (const read of reads) expect(occurrences(read, (file) => file === RESOLVER)).toEqual([]);
  });

  it('is read from a context where contexts are managed, and by the resolver', () => {
    const reads = /\bcontext\??\.(?:kontrol|username|to|timeout|transport)\b/g;
    const managing = ['lib/cli/context/manage-contexts.ts', 'lib/cli/settings/key-place.ts'];
    expect(occurrences(reads, (file) => managing.includes(file))).toEqual([]);
  });
});
