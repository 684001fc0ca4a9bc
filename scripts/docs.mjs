// Writes docs/cli.md, the reference of the command line, out of oclif.manifest.json and the table of exit codes. With --check
// it writes nothing and fails when the committed page says something else.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, 'docs', 'cli.md');
const BIN = 'kitectl';

/** Flags that every command has: told once. */
const isGlobal = ({ helpGroup }) => helpGroup === 'GLOBAL';

function page(manifest, { exitCodeMeanings }) {
  const commands = Object.values(manifest.commands)
    .filter(({ hidden }) => !hidden)
    .map((command) => ({ ...command, words: command.id.replaceAll(':', ' ') }))
    .toSorted((a, b) => a.words.localeCompare(b.words, 'en'));
  const globals = Object.values(commands[0].flags).filter(isGlobal);
  return [
    '# The command line',
    '<!-- Made by `npm run docs` out of the commands: change those. -->',
    'Every command takes its flags with one dash or two, with an equals sign or a space: `-to=URL` is `--to URL`. What stands behind `--` is taken for arguments.',
    table(
      ['command', ''],
      commands.map(({ words, summary }) => [`[${words}](#${anchor(words)})`, summary]),
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

function section(command) {
  const { words, summary, description, examples, args, flags, aliases } = command;
  const own = Object.values(flags).filter((flag) => !isGlobal(flag) && !flag.hidden);
  return [
    `## ${words}`,
    escape(summary),
    ...(examples ?? []).flatMap(example),
    ...(description ? [escape(description)] : []),
    ...(aliases?.length
      ? [`Also: ${aliases.map((alias) => `\`${alias.replaceAll(':', ' ')}\``).join(', ')}.`]
      : []),
    `Usage: \`${usage(words, args)}\``,
    ...(own.length > 0 ? [flagTable(own)] : []),
    ...own
      .filter(({ description: more }) => more)
      .map(({ name, description: more }) => `\`--${name}\`: ${escape(more)}`),
  ];
}

function example(given) {
  const { description, command } = typeof given === 'string' ? { command: given } : given;
  const text = command.replaceAll('<%= config.bin %>', BIN);
  return [...(description ? [escape(description)] : []), `\`\`\`sh\n${text}\n\`\`\``];
}

function usage(words, args) {
  const names = Object.values(args).map(({ name, required, multiple }) => {
    const text = name.toUpperCase() + (multiple ? '…' : '');
    return required ? text : `[${text}]`;
  });
  return [BIN, words, ...names, '[flags]'].join(' ');
}

function flagTable(flags) {
  return table(
    ['flag', ''],
    flags.map(({ name, char, type, helpValue, options, summary, default: otherwise }) => {
      const value = type === 'boolean' ? '' : ` ${helpValue ?? options?.join('|') ?? name.toUpperCase()}`;
      const said = otherwise !== undefined && otherwise !== false ? ` Default: ${otherwise}.` : '';
      return [`\`${char ? `-${char}, ` : ''}--${name}${value}\``, `${summary ?? ''}${said}`];
    }),
  );
}

function table(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  // A bar ends a cell, within code too.
  const cell = (text) => escape(text).replaceAll('|', '\\|');
  return [line(headings), line(headings.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join(
    '\n',
  );
}

/** Text in which Markdown sees no tags. Code is left alone. */
function escape(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;').replaceAll('*', '\\*')))
    .join('');
}

function anchor(words) {
  return words.replaceAll(' ', '-');
}

try {
  const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8'));
  const exits = await import(pathToFileURL(join(root, 'dist', 'lib', 'cli', 'runtime', 'exit-codes.js')));
  const fresh = page(manifest, exits);
  if (!process.argv.includes('--check')) {
    await writeFile(file, fresh);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== fresh) {
    throw new Error('docs/cli.md does not say what the commands do. Renew and commit it: npm run docs');
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
