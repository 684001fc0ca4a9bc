import { describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompletionCache } from '../../../../src/lib/cli/completion/completion-cache.js';
import { complete } from '../../../../src/lib/cli/completion/candidates.js';
import { readManifest } from '../../../../src/lib/cli/completion/command-manifest.js';
import { shellWords } from '../../../../src/lib/cli/completion/shell-words.js';
import { ManualClock } from '../../../helpers/manual-clock.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const { commands, groups } = readManifest(root);

function values(line: string): unknown {
  const completion = complete(shellWords(line), commands, groups);
  if (completion.type !== 'candidates') return completion;
  return completion.candidates.map(({ value }) => value);
}

describe('complete', () => {
  it.each<[string, string[]]>([
    ['cal', ['call']],
    ['kontrol ', ['invite', 'keys', 'start', 'status', 'ui']],
    ['kontrol keys re', ['reseal', 'revoke']],
    ['--json cal', ['call']],
    ['help kontrol st', ['start', 'status']],
    ['call x --transp', ['--transport']],
    ['call x -transp', ['-transport']],
    ['call x --to u --t', ['--timeout', '--transport']],
    ['call x --transport w', ['websocket']],
    ['call x --transport=w', ['--transport=websocket']],
    ['call x -o y', ['yaml']],
    ['call x -- --t', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['completion bash ', []],
    ['keys move --to k', ['keychain']],
    ['nothing ', []],
    ['kontrol nothing ', []],
    ['context -', ['-']],
  ])('goes on with %j', (line, expected) => {
    expect(values(line)).toEqual(expected);
  });

  it('says what a group of commands is about', () => {
    const completion = complete(['kontrol', ''], commands, groups);
    const about = completion.type === 'candidates' ? completion.candidates : [];
    expect(about).toContainEqual({ value: 'keys', description: 'Key pairs of a Kontrol' });
    expect(about.every(({ description }) => description !== '')).toBe(true);
  });

  it('offers no command that is hidden, and none twice', () => {
    const all = values('') as string[];
    expect(all).not.toContain('complete');
    expect(all).toContain('help');
    expect(new Set(all).size).toBe(all.length);
  });

  it('leaves files to the shell', () => {
    expect(values('showkey --key-file ')).toEqual({ type: 'files' });
    expect(values('keygen --out ')).toEqual({ type: 'files' });
  });

  it('asks the world for kites, methods, contexts and keys', () => {
    const ask = (source: object, prefix = '', flags = {}) => ({ type: 'ask', source, prefix, flags });
    expect(values('call x --to /b')).toEqual(ask({ type: 'kites', typed: '/b' }));
    expect(values('call x --to=/b')).toEqual(ask({ type: 'kites', typed: '/b' }, '--to='));
    expect(values('query ')).toEqual(ask({ type: 'kites', typed: '' }));
    expect(values('call --to /bob/prod/math ')).toEqual(
      ask({ type: 'methods' }, '', { to: '/bob/prod/math' }),
    );
    expect(values('context use ')).toEqual(ask({ type: 'contexts' }));
    expect(values('ping --context ')).toEqual(ask({ type: 'contexts' }));
    expect(values('keys remove ')).toEqual(ask({ type: 'accounts' }));
    expect(values('context add ')).toEqual([]);
  });
});

describe('shellWords', () => {
  it.each([
    ['', ['']],
    ['a b', ['a', 'b']],
    ['a b ', ['a', 'b', '']],
    [`'a b' "c \\" d" e\\ f`, ['a b', 'c " d', 'e f']],
    [`a 'b c`, ['a', 'b c']],
    [`"a\\n"`, ['a\\n']],
  ])('takes %j apart', (line, expected) => {
    expect(shellWords(line)).toEqual(expected);
  });
});

describe('CompletionCache', () => {
  const cacheIn = (folder: string, clock: ManualClock) =>
    new CompletionCache({ XDG_CACHE_HOME: folder }, () => clock.now());
  const fails = () => Promise.reject(new Error('no'));

  it('asks again after half a minute, and gives an old answer where it gets none', async () => {
    const clock = new ManualClock();
    const folder = temporaryFolder();
    let asked = 0;
    const ask = async () => [`answer ${++asked}`];
    const get = (answer: () => Promise<string[]>) => cacheIn(folder, clock).get(['q'], answer);
    expect(await get(ask)).toEqual(['answer 1']);
    clock.advance(29_000);
    expect(await get(ask)).toEqual(['answer 1']);
    clock.advance(1000);
    expect(await get(fails)).toEqual(['answer 1']);
    expect(await get(ask)).toEqual(['answer 2']);
    clock.advance(25 * 3_600_000);
    expect(await get(fails)).toEqual([]);
    expect(await cacheIn(folder, clock).get(['other'], fails)).toEqual([]);
  });

  it('does without a file that is broken, or cannot be written', async () => {
    const clock = new ManualClock();
    const folder = temporaryFolder();
    const ask = async () => ['a'];
    await cacheIn(folder, clock).get(['q'], ask);
    for (const text of ['{', 'null', '{"x":4}']) {
      writeFileSync(join(folder, 'kitectl', 'completion.json'), text);
      expect(await cacheIn(folder, clock).get(['q'], ask)).toEqual(['a']);
    }
    expect(await cacheIn('/proc/nowhere', clock).get(['q'], ask)).toEqual(['a']);
  });
});
