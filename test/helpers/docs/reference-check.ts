import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { root } from '../cli/cli-harness.js';
import { Manifest } from './manifest-check.js';
import type { Page } from './markdown.js';
import { commandsOf } from './shell-words.js';

/** What a check of all pages found. */
export interface Findings {
  /** How many things of the kind there are. */
  readonly checked: number;
  /** What is wrong, each with its page and line. */
  readonly problems: readonly string[];
}

const NOT_OURS = new Set(['node_modules', '.git']);
/** Names of files that are ours wherever they stand; other names may be a reader's. */
const SOURCE_FILE = /\.(?:ts|mts|mjs|cjs|md|yml)$/;
const ANY_FILE = /\.(?:ts|mts|js|mjs|cjs|json|md|yml|sh|html|css)$/;
const PATH = /^(?:\.\.?\/)*[\w.@*-]+(?:\/[\w.@*-]+)*\/?$/;
const VARIABLE = /\b(?:KITE|KONTROL)_[A-Z][A-Z_]*[A-Z]\b/g;
const PLACEHOLDER = /(?:^|\/)[A-Z_]+(?:\/|$)/;

const topFolders = readdirSync(root).filter(
  (name) => !NOT_OURS.has(name) && statSync(join(root, name)).isDirectory(),
);
const allFiles = topFolders.flatMap((folder) => filesBelow(folder));
const baseNames = new Set([...readdirSync(root), ...allFiles.map((file) => basename(file))]);

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Paths in backticks exist. */
export function checkPaths(pages: readonly Page[]): Findings {
  return walk(pages, (page) => {
    const own = new Set(page.blocks.map(({ fileName }) => fileName));
    return page.codes
      .filter(({ text }) => isRepositoryPath(text) && !own.has(text))
      .map((code) => ({ ...code, problem: pathExists(code.text, page) ? undefined : 'does not exist' }));
  });
}

function isRepositoryPath(text: string): boolean {
  if (!PATH.test(text) || PLACEHOLDER.test(text)) return false;
  if (!text.includes('/')) return SOURCE_FILE.test(text);
  const [first = ''] = text.split('/');
  return (
    topFolders.includes(first) ||
    ANY_FILE.test(text) ||
    (text.endsWith('/') && existsSync(join(root, 'src', 'lib', first)))
  );
}

function pathExists(text: string, page: Page): boolean {
  if (!text.includes('/')) return baseNames.has(text);
  const bases = ['.', dirname(page.path), 'src', 'src/lib'];
  if (!text.includes('*')) return bases.some((base) => existsSync(join(root, base, text)));
  const pattern = new RegExp(
    `^${text
      .replaceAll('.', '\\.')
      .replaceAll('**', '.+')
      .replaceAll(/(?<!\.)\*/g, '[^/]*')}$`,
  );
  return allFiles.some((file) => pattern.test(file));
}

/** Links between pages lead to files and headings that are there; others are URLs. */
export function checkLinks(pages: readonly Page[]): Findings {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  return walk(pages, (page) =>
    page.links.map((link) => ({ ...link, problem: linkProblem(link.destination, page, byPath) })),
  );
}

function linkProblem(destination: string, page: Page, byPath: ReadonlyMap<string, Page>): string | undefined {
  if (/^[a-z]+:/i.test(destination)) return URL.canParse(destination) ? undefined : 'is not a valid URL';
  const [file = '', anchor] = destination.split('#');
  const path = file === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), file));
  if (!existsSync(join(root, path)) && !byPath.has(path)) return `leads to ${path}, which does not exist`;
  if (anchor === undefined) return undefined;
  return byPath.get(path)?.anchors.has(anchor) ? undefined : `leads to no heading #${anchor} in ${path}`;
}

/** Command lines, in blocks and in sentences, name commands, flags and scripts that exist. */
export function checkCommands(pages: readonly Page[]): Findings {
  const manifest = Manifest.read();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return walk(pages, (page) => {
    const inBlocks = page.blocks
      .filter(({ language }) => language !== 'output')
      .flatMap(({ text, line }) =>
        linesOf(text).map((each) => ({ text: each.text, line: line + each.offset })),
      )
      .filter(({ text }) => /(?:^|[\s(=])(?:kitectl|kontrol|npm) /.test(text));
    return [...inBlocks, ...page.codes].flatMap(({ text, line }) =>
      commandsOf(text)
        .filter(([program]) => program === 'kitectl' || program === 'kontrol' || program === 'npm')
        .filter((words) => words.length > 1)
        .map((words) => ({
          text,
          line,
          problem: words[0] === 'npm' ? scriptProblem(words, scripts) : manifest.problem(words),
        })),
    );
  });
}

function scriptProblem([, command, ...words]: readonly string[], scripts: object): string | undefined {
  if (command !== 'run') return undefined;
  const name = words.find((word) => !word.startsWith('-')) ?? '';
  return Object.hasOwn(scripts, name) ? undefined : `there is no script ${name} in package.json`;
}

/** Lines of a script, those that a backslash continues in one. */
function linesOf(script: string): { text: string; offset: number }[] {
  const lines: { text: string; offset: number }[] = [];
  let open: { text: string; offset: number } | undefined;
  for (const [offset, text] of script.split('\n').entries()) {
    if (open) open.text += `\n${text}`;
    else open = { text, offset };
    if (text.endsWith('\\')) continue;
    lines.push(open);
    open = undefined;
  }
  return open ? [...lines, open] : lines;
}

/** Flags of other programs that sentences name without the program. */
const FLAGS_OF_OTHERS = new Set(['auto-compaction-retention']);

/** Flags that sentences name without a command (`--port`) are flags of some command. */
export function checkFlags(pages: readonly Page[]): Findings {
  const { flags } = Manifest.read();
  return walk(pages, (page) =>
    page.codes.flatMap(({ text, line }) => {
      const [, name] = /^--?([a-z][\w-]*)/i.exec(text) ?? [];
      if (name === undefined) return [];
      const isKnown = flags.has(name) || FLAGS_OF_OTHERS.has(name);
      return [{ text, line, problem: isKnown ? undefined : 'is not a flag of any command' }];
    }),
  );
}

/** Variables of this project (`KITE_KEY`) are read by its source. */
export function checkVariables(pages: readonly Page[]): Findings {
  const source = allFiles
    .filter((file) => file.startsWith('src/') && file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const known = new Set([...(source.match(VARIABLE) ?? []), ...Manifest.read().kontrolVariables]);
  return walk(pages, (page) =>
    [...page.codes, ...page.blocks].flatMap(({ text, line }) =>
      (text.match(VARIABLE) ?? []).map((name) => ({
        text: name,
        line,
        problem: known.has(name) ? undefined : 'is a variable that nothing reads',
      })),
    ),
  );
}

/** What is imported in sentences (`kitectl/browser`) is among the entry points of the package. */
export function checkEntryPoints(pages: readonly Page[]): Findings {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  return walk(pages, (page) =>
    page.codes
      .filter(({ text }) => /^kitectl\/[\w./-]+$/.test(text))
      .map((code) => ({
        ...code,
        problem: Object.hasOwn(exports, code.text.replace('kitectl', '.'))
          ? undefined
          : 'is not an entry point of the package',
      })),
  );
}

interface Checked {
  readonly text: string;
  readonly line: number;
  readonly problem: string | undefined;
}

function walk(pages: readonly Page[], check: (page: Page) => Checked[]): Findings {
  const all = pages.flatMap((page) => check(page).map((each) => ({ ...each, page: page.path })));
  return {
    checked: all.length,
    problems: all.flatMap(({ page, line, text, problem }) =>
      problem === undefined ? [] : [`${page}:${line}: ${text}: ${problem}`],
    ),
  };
}
