// Writes the references of docs/ from the tables that they describe: cli.md from oclif.manifest.json and the exit codes, errors.md
// from the error codes, limits.md from the limits, the tables of configuration.md from the settings, and the table of
// architecture.md from the folders. With --check it writes nothing, and fails if a committed page differs.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Interfaces } from '@oclif/core';
import { exitCodeMeanings } from '../src/lib/cli/runtime/exit-codes.js';
import { usageOf } from '../src/lib/cli/frame/usage.js';
import { root } from './build/paths.js';
import { errorPage } from './reference/error-page.js';
import { limitPage } from './reference/limit-page.js';
import { folderTables } from './reference/folder-tables.js';
import { escape, fillParts, table } from './reference/markdown.js';
import { settingsTables } from './reference/settings-tables.js';

type Cached = Command.Cached;
type Flag = Command.Flag.Cached;

const BIN = 'kitectl';

/** Flags that every command has: told once. */
const isGlobal = ({ helpGroup }: Flag): boolean => helpGroup === 'GLOBAL';

function page(manifest: Interfaces.Manifest): string {
  const commands = Object.values(manifest.commands)
    .filter(({ hidden }) => !hidden)
    .map((command) => ({ ...command, words: command.id.replaceAll(':', ' ') }))
    .toSorted((a, b) => a.words.localeCompare(b.words, 'en'));
  const globals = Object.values(commands[0]?.flags ?? {}).filter(isGlobal);
  return [
    '# The command line',
    '<!-- Made by `npm run docs` out of the commands: change those. -->',
    'Every command takes its flags with one dash or two, with an equals sign or a space: `-to=URL` is `--to URL`. What stands behind `--` is taken for arguments.',
    table(
      ['command', ''],
      commands.map(({ words, summary }) => [`[${words}](#${anchor(words)})`, summary ?? '']),
    ),
    '## Flags of every command',
    flagTable(globals),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      exitCodeMeanings.map(({ code, meaning }) => [String(code), meaning]),
    ),
    ...commands.flatMap(section),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function section(command: Cached & { readonly words: string }): string[] {
  const { words, summary, description, examples, args, flags, aliases } = command;
  const own = Object.values(flags).filter((flag) => !isGlobal(flag) && !flag.hidden);
  return [
    `## ${words}`,
    escape(summary ?? ''),
    ...(examples ?? []).flatMap(example),
    ...(description ? [escape(description)] : []),
    ...(aliases?.length
      ? [`Also: ${aliases.map((alias) => `\`${alias.replaceAll(':', ' ')}\``).join(', ')}.`]
      : []),
    `Usage: \`${usageOf(words, Object.values(args))} [flags]\``,
    ...(own.length > 0 ? [flagTable(own)] : []),
    ...own
      .filter(({ description: more }) => more)
      .map(({ name, description: more }) => `\`--${name}\`: ${escape(more ?? '')}`),
  ];
}

function example(given: Command.Example): string[] {
  const { description, command } = typeof given === 'string' ? { description: '', command: given } : given;
  const text = command.replaceAll('<%= config.bin %>', BIN);
  return [...(description ? [escape(description)] : []), `\`\`\`sh\n${text}\n\`\`\``];
}

function flagTable(flags: readonly Flag[]): string {
  return table(
    ['flag', ''],
    flags.map((flag) => {
      const { name, char, summary } = flag;
      const { helpValue, options, default: otherwise } = flag.type === 'option' ? flag : {};
      const value =
        flag.type === 'boolean' ? '' : ` ${String(helpValue ?? options?.join('|') ?? name.toUpperCase())}`;
      const said = otherwise !== undefined ? ` Default: ${otherwise}.` : '';
      return [`\`${char ? `-${char}, ` : ''}--${name}${value}\``, `${summary ?? ''}${said}`];
    }),
  );
}

function anchor(words: string): string {
  return words.replaceAll(' ', '-');
}

try {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8'));
  const read = (name: string): Promise<string> => readFile(join(root, 'docs', name), 'utf8');
  const pages = {
    'architecture.md': fillParts(await read('architecture.md'), folderTables),
    'cli.md': page(manifest as Interfaces.Manifest),
    'configuration.md': fillParts(await read('configuration.md'), settingsTables),
    'errors.md': errorPage(),
    'limits.md': await limitPage(),
  };
  for (const [name, fresh] of Object.entries(pages)) {
    const file = join(root, 'docs', name);
    if (!process.argv.includes('--check')) {
      await writeFile(file, fresh);
    } else if ((await readFile(file, 'utf8').catch(() => '')) !== fresh) {
      throw new Error(`docs/${name} is not up to date. Generate and commit it: npm run docs`);
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
