import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LimitDeclaration, limitDeclarations } from '../../../scripts/reference/limit-declarations.js';
import { root, withoutComments } from '../../helpers/source-files.js';

// Each limit has a test that exceeds it. A test sets a limit that programs can change, or reads it from the defaults, and imports
// the constant of a fixed limit.

/** Fixed limits that no test exceeds, each with the reason. */
const NOT_EXCEEDED: Readonly<Record<string, string>> = {
  KEY_ENCODINGS: 'a spelling beyond the limit is accepted as well, only more slowly',
  NPM_OUTPUT_LENGTH: 'only a broken npm prints more',
};

interface TestFile {
  readonly path: string;
  readonly code: string;
}

const tests: readonly TestFile[] = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && !path.startsWith('test/unit/structure/'))
  .map((path) => ({ path, code: withoutComments(readFileSync(join(root, path), 'utf8')) }));

/** Whether a test sets the limit or reads its default. */
function exceeds(code: string, { name, settable }: Pick<LimitDeclaration, 'name' | 'settable'>): boolean {
  if (!settable) return new RegExp(`^import [^;]*\\b${name}\\b[^;]*-limits\\.js';`, 'm').test(code);
  const sets = `\\b${name}(?:: [\\d_]+| \\})`;
  // A name of one word is also that of other properties.
  const isOneWord = name === name.toLowerCase();
  return new RegExp(
    `[lL]imits\\.${name}\\b|${isOneWord ? `[lL]imits\\b[^;]*${sets}|\\{ ${name}: [\\d_]+ \\}` : sets}`,
  ).test(code);
}

describe('limits', () => {
  it('each limit is exceeded by a test', async () => {
    const limits = await limitDeclarations();
    const covered = limits.filter((limit) => tests.some(({ code }) => exceeds(code, limit)));
    const missing = limits.filter((limit) => !covered.includes(limit)).map(({ name }) => name);
    console.log(
      `${limits.length} limits: ${covered.length} are exceeded by a test, ` +
        `${Object.keys(NOT_EXCEEDED).length} fixed ones are not`,
    );
    expect(missing.toSorted()).toEqual(Object.keys(NOT_EXCEEDED).toSorted());
    const settable = limits.filter((limit) => limit.settable).map(({ name }) => name);
    expect(settable.filter((name) => NOT_EXCEEDED[name] !== undefined)).toEqual([]);
  });

  it('the check of limits recognizes a limit that a test sets or reads, and not another use of its name', () => {
    const sessions = { name: 'sessions', settable: true };
    expect(exceeds('start({ limits: { peers: 2, sessions: 1 } });', sessions)).toBe(true);
    expect(exceeds('const limits = { sessions: 1 };', sessions)).toBe(true);
    expect(exceeds('many(limits.sessions + 1);', sessions)).toBe(true);
    expect(exceeds("expect(line).toEqual({ event: 'opened', session: 1, sessions: 1 });", sessions)).toBe(
      false,
    );
    expect(exceeds("it('ends sessions', () => {});", sessions)).toBe(false);
    const probes = { name: 'PROBES', settable: false };
    expect(exceeds("import { PROBES } from '../command-limits.js';\n", probes)).toBe(true);
    expect(exceeds('const PROBES = 4;', probes)).toBe(false);
  });
});
