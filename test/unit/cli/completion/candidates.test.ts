import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../../src/lib/cli/completion/candidates.js';
import { readManifest } from '../../../../src/lib/cli/completion/command-manifest.js';
import { allSettings } from '../../../../src/lib/cli/settings/all-settings.js';
import { shellWords } from '../../../../src/lib/cli/completion/shell-words.js';

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
    ['kontrol ', ['export', 'import', 'invite', 'keys', 'start', 'status', 'ui', 'users']],
    ['kontrol keys re', ['reseal', 'revoke']],
    ['--json cal', ['call']],
    ['help kontrol st', ['start', 'status']],
    ['call x --transp', ['--transport']],
    ['call x -transp', ['-transport']],
    ['call x --to u --t', ['--timeout', '--transport']],
    ['call x --transport w', ['websocket']],
    ['call x --transport=w', ['--transport=websocket']],
    ['kontrol start --storage ', ['file', 'memory', 'postgres', 'etcd']],
    ['context add x --key-store k', ['keychain']],
    ['call x -o y', ['yaml']],
    ['call x -- --t', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['completion bash ', []],
    ['keys move --to k', ['keychain']],
    ['nothing ', []],
    ['kontrol nothing ', []],
    ['context -', ['-']],
  ])('complete lists the candidates for %j', (line, expected) => {
    expect(values(line)).toEqual(expected);
  });

  it('complete lists the types of content of an argument, and then paths', () => {
    const types = ['@bytes:', '@json:', '@stream:', '@text:'];
    for (const [word, prefix, typed, expected] of [
      ['@', '@', '', types],
      ['@s', '@', 's', ['@stream:']],
      ['@dir/a', '@', 'dir/a', []],
      ...types.map((type) => [`${type}b`, type, 'b', []] as const),
    ] as const)
      for (const line of [
        `call m ${word}`,
        `call m 1 ${word}`,
        `bench m ${word}`,
        `tell -method m ${word}`,
      ]) {
        const completion = complete(shellWords(line), commands, groups);
        const values = completion.type === 'paths' ? completion.candidates.map(({ value }) => value) : [];
        expect({ ...completion, candidates: values }).toEqual({
          type: 'paths',
          prefix,
          typed,
          candidates: expected,
        });
      }
    expect(values('call m @@')).toEqual([]);
  });

  it('complete describes groups of commands', () => {
    const completion = complete(['kontrol', ''], commands, groups);
    const about = completion.type === 'candidates' ? completion.candidates : [];
    expect(about).toContainEqual({ value: 'keys', description: 'Manage the key pairs of a Kontrol.' });
    expect(about.every(({ description }) => description !== '')).toBe(true);
  });

  it('complete lists no hidden command, and none twice', () => {
    const all = values('') as string[];
    expect(all).not.toContain('complete');
    expect(all).toContain('help');
    expect(new Set(all).size).toBe(all.length);
  });

  it('complete leaves files to the shell', () => {
    expect(values('showkey --key-file ')).toEqual({ type: 'files' });
    expect(values('keygen --out ')).toEqual({ type: 'files' });
  });

  it('complete lists the values that the table of settings has for each setting', () => {
    let completed = 0;
    for (const { flag, accept, commands: having } of allSettings) {
      if (!flag || flag.kind === 'switch') continue;
      for (const id of having) {
        const completion = complete([...id.split(' '), `--${flag.name}`, ''], commands, groups);
        const choices = accept.choices ?? accept.beginnings;
        const expected = choices
          ? { type: 'candidates', candidates: choices.map((value) => ({ value, description: '' })) }
          : flag.completion === undefined
            ? { type: 'candidates', candidates: [] }
            : { type: flag.completion === 'files' ? 'files' : 'lookup' };
        expect({ id, flag: flag.name, completion }).toMatchObject({ completion: expected });
        completed++;
      }
    }
    console.log(`completion: ${completed} flags of settings`);
    expect(completed).toBeGreaterThan(150);
  });

  it('complete queries kites, methods, contexts and keys', () => {
    const lookup = (source: object, prefix = '', flags = {}) => ({ type: 'lookup', source, prefix, flags });
    expect(values('call x --to /b')).toEqual(lookup({ type: 'kites', typed: '/b' }));
    expect(values('call x --to=/b')).toEqual(lookup({ type: 'kites', typed: '/b' }, '--to='));
    expect(values('query ')).toEqual(lookup({ type: 'kites', typed: '' }));
    expect(values('call --to /bob/prod/math ')).toEqual(
      lookup({ type: 'methods' }, '', { to: '/bob/prod/math' }),
    );
    expect(values('context use ')).toEqual(lookup({ type: 'contexts' }));
    expect(values('ping --context ')).toEqual(lookup({ type: 'contexts' }));
    expect(values('keys remove ')).toEqual(lookup({ type: 'accounts' }));
    expect(values('context add ')).toEqual([]);
  });
});
