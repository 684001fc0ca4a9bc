import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/cli-harness.js';
import type { Words } from './shell-words.js';

interface Flag {
  readonly name: string;
  readonly type: string;
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly allowNo?: boolean;
}

interface Command {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples?: readonly (string | { readonly command: string })[];
}

/** The commands and flags of oclif.manifest.json. */
export class Manifest {
  readonly #commands: ReadonlyMap<string, Command>;

  private constructor(commands: ReadonlyMap<string, Command>) {
    this.#commands = commands;
  }

  static read(): Manifest {
    const file = readFileSync(join(root, 'oclif.manifest.json'), 'utf8');
    const { commands } = JSON.parse(file) as { commands: Record<string, Command> };
    const named = Object.values(commands).flatMap((command) =>
      [command.id, ...command.aliases].map((id) => [id.replaceAll(':', ' '), command] as const),
    );
    return new Manifest(new Map(named));
  }

  /** Every example of the help. */
  get examples(): string[] {
    return [...new Set(this.#commands.values())]
      .flatMap(({ examples = [] }) => examples)
      .map((example) => (typeof example === 'string' ? example : example.command))
      .map((example) => example.replaceAll('<%= config.bin %>', 'kitectl'));
  }

  /** Checks a command line of `kitectl` or `kontrol`. @returns the problem, if any */
  problem([program, ...words]: Words): string | undefined {
    if (program === 'kontrol') return this.#flagProblem('kontrol start', words);
    const [first] = words;
    if (first === undefined || first === '--version' || first === '--help') return undefined;
    if (first === 'help')
      return isPlaceholder(words[1]) ? undefined : this.problem(['kitectl', ...words.slice(1)]);
    for (let count = Math.min(3, words.length); count > 0; count--) {
      const name = words.slice(0, count).join(' ');
      if (this.#commands.has(name)) return this.#flagProblem(name, words.slice(count));
    }
    if (this.#isTopic(words.join(' '))) return undefined;
    return `there is no command ${words.slice(0, 2).join(' ')}`;
  }

  /** Whether commands begin with these words: `kontrol keys`. */
  #isTopic(words: string): boolean {
    return [...this.#commands.keys()].some((name) => name.startsWith(`${words} `));
  }

  /** Every name of a flag of any command. */
  get flags(): ReadonlySet<string> {
    return new Set([...this.#commands.keys()].flatMap((name) => [...this.#flagNames(name)]));
  }

  /** The variables of the flags of `kontrol start`: `KONTROL_POSTGRES_HOST`. */
  get kontrolVariables(): string[] {
    return [...this.#flagNames('kontrol start')].map(
      (flag) => `KONTROL_${flag.toUpperCase().replaceAll('-', '_')}`,
    );
  }

  #flagProblem(name: string, words: Words): string | undefined {
    const end = words.indexOf('--');
    const given = words
      .slice(0, end === -1 ? words.length : end)
      .filter((word) => /^-{1,2}[a-z]/i.test(word))
      .map((word) => word.replace(/^--?/, '').replace(/=.*/s, ''));
    const known = this.#flagNames(name);
    const unknown = given.find((flag) => !known.has(flag));
    return unknown === undefined ? undefined : `${name} has no flag --${unknown}`;
  }

  #flagNames(name: string): ReadonlySet<string> {
    const flags = Object.values(this.#commands.get(name)?.flags ?? {});
    return new Set([
      'help',
      'h',
      ...flags.flatMap(({ name: flag, char, aliases = [], allowNo }) => [
        flag,
        ...(char === undefined ? [] : [char]),
        ...aliases,
        ...(allowNo ? [`no-${flag}`] : []),
      ]),
    ]);
  }
}

/** A placeholder, such as `COMMAND`. */
function isPlaceholder(word = 'COMMAND'): boolean {
  return /^[A-Z]+$/.test(word);
}
