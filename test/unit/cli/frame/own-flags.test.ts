import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foreignFlags, hintWithOwnFlags } from '../../../../src/lib/cli/frame/own-flags.js';
import { allSettings } from '../../../../src/lib/cli/settings/all-settings.js';
import { variableName } from '../../../../src/lib/kite/config/resolve-setting.js';
import { root, sourceFiles, withoutComments } from '../../../helpers/source-files.js';

interface ManifestCommand {
  readonly flags: Readonly<
    Record<string, { readonly aliases?: readonly string[]; readonly allowNo?: boolean }>
  >;
}

const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
  readonly commands: Readonly<Record<string, ManifestCommand>>;
};
const flagsOf = new Map(
  Object.entries(commands).map(([id, { flags }]) => [
    id.replaceAll(':', ' '),
    new Set([
      'help',
      ...Object.entries(flags).flatMap(([name, { aliases = [], allowNo }]) => [
        name,
        ...aliases,
        ...(allowNo === true ? [`no-${name}`] : []),
      ]),
    ]),
  ]),
);

interface Text {
  readonly path: string;
  readonly text: string;
}

/** The strings of the source in which a user reads about a flag. `${…}` is `X`. */
const texts: readonly Text[] = sourceFiles()
  // The tables of error codes are written for a document.
  .filter(({ path }) => /^src\/(?:lib|commands)\//.test(path) && !path.endsWith('/error-codes.ts'))
  .flatMap(({ path, text }) =>
    Array.from(
      withoutComments(text).matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g),
      ([literal]) => ({
        path,
        text: literal.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, 'X'),
      }),
    ),
  )
  .filter(({ text }) => /(?<![\w-])--[a-z]/.test(text) && /^[A-Z ]/.test(text) && text.includes(' '));

/** The commands that a text mentions, each with the flags after it. */
function mentions(text: string): (readonly [command: string, flags: readonly string[]])[] {
  return Array.from(text.matchAll(/\bkitectl ([a-z][^.;]*)/g), ([, rest = '']) => {
    const words = rest.split(' ');
    const length = [3, 2, 1].find((count) => flagsOf.has(words.slice(0, count).join(' '))) ?? 0;
    const flags = Array.from(rest.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g), ([, name = '']) => name);
    return [words.slice(0, length).join(' '), flags];
  });
}

describe('hints about flags', () => {
  it('each command and flag that a message names after kitectl exists', () => {
    const named = texts.flatMap(({ path, text }) =>
      mentions(text).flatMap(([command, flags]) => flags.map((flag) => ({ path, command, flag }))),
    );
    console.log(`Flags of other commands in messages: ${named.length}, of ${texts.length} texts with a flag`);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ command, flag }) => flagsOf.get(command)?.has(flag) !== true)).toEqual([]);
  });

  it('no command prints a hint with a flag that it does not have', () => {
    let changed = 0;
    let cases = 0;
    const wrong: string[] = [];
    for (const { text } of texts) {
      for (const [command, flags] of flagsOf) {
        const has = (name: string): boolean => flags.has(name);
        const hint = hintWithOwnFlags(text, has);
        cases++;
        if (hint !== text) changed++;
        if (foreignFlags(hint, has).length > 0) wrong.push(`${command}: ${hint}`);
      }
    }
    console.log(`Hints and messages with flags × commands: ${cases}, ${changed} of them adapted`);
    expect(wrong).toEqual([]);
  });

  it('a flag that a command does not have is replaced with its variable', () => {
    const none = (): boolean => false;
    const all = (): boolean => true;
    const timeout = 'Increase the timeout with --timeout 60s, or disable it with --timeout 0.';
    expect(hintWithOwnFlags(timeout, all)).toBe(timeout);
    expect(hintWithOwnFlags(timeout, none)).toBe(
      'Increase the timeout with KITE_TIMEOUT=60s, or disable it with KITE_TIMEOUT=0.',
    );
    expect(hintWithOwnFlags('Choose another file with --key-file.', none)).toBe(
      'Choose another file with KITE_KEY_FILE.',
    );
    expect(hintWithOwnFlags('Set it with --kontrol URL or KITE_KONTROL_URL.', none)).toBe(
      'Set it with KITE_KONTROL_URL.',
    );
  });

  it('a flag with a name that all objects inherit is one without a variable', () => {
    expect(hintWithOwnFlags('Pass --constructor.', () => false)).toBe('');
  });

  it('a sentence about a flag without a variable is left out, and those about other commands are not', () => {
    const none = (): boolean => false;
    expect(hintWithOwnFlags('Overwrite it with --force.', none)).toBe('');
    const other = 'Get a new kite key with an invite: kitectl register --force';
    expect(hintWithOwnFlags(other, none)).toBe(other);
    expect(hintWithOwnFlags(`Wait a moment. Overwrite it with --force. ${other}`, none)).toBe(
      `Wait a moment. ${other}`,
    );
    const server =
      'Allow others with --allow-host NAME of serve and kontrol start, or with KITE_ALLOWED_HOSTS.';
    expect(hintWithOwnFlags(server, none)).toBe(server);
  });

  it('the variables that replace flags are those of the settings', () => {
    for (const flag of ['context', 'key-file', 'kontrol', 'timeout', 'to']) {
      const [variable = ''] = hintWithOwnFlags(`Use --${flag}`, () => false)
        .split(' ')
        .slice(1);
      const settings = allSettings.filter((setting) => setting.flag?.name === flag);
      expect(settings.flatMap(({ variables }) => variables.map(variableName))).toContain(variable);
    }
  });
});
