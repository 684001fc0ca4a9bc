import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { root } from '../cli/cli-harness.js';
import { Manifest } from './manifest-check.js';
import type { Document } from './markdown.js';
import { commandsOf } from './shell-words.js';

/** The result of one check of all documents. */
export interface Findings {
  /** The number of references that were checked. */
  readonly checked: number;
  /** The problems, each with its document and line. */
  readonly problems: readonly string[];
}

const NOT_OURS = new Set(['node_modules', '.git']);
/** File names that refer to this repository even without a folder; others can be files of the reader. */
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

/** Checks that paths in backticks exist. */
export function checkPaths(documents: readonly Document[]): Findings {
  return walk(documents, (document) => {
    const own = new Set(document.blocks.map(({ fileName }) => fileName));
    return document.codes
      .filter(({ text }) => isRepositoryPath(text) && !own.has(text))
      .map((code) => ({ ...code, problem: pathExists(code.text, document) ? undefined : 'does not exist' }));
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

function pathExists(text: string, document: Document): boolean {
  const isWithoutFolder = !text.includes('/');
  if (isWithoutFolder && !text.includes('*')) return baseNames.has(text);
  const bases = ['.', dirname(document.path), 'src', 'src/lib'];
  if (!text.includes('*')) return bases.some((base) => existsSync(join(root, base, text)));
  const pattern = new RegExp(
    `^${text
      .replaceAll('.', '\\.')
      .replaceAll('**', '.+')
      .replaceAll(/(?<!\.)\*/g, '[^/]*')}$`,
  );
  return isWithoutFolder
    ? [...baseNames].some((name) => pattern.test(name))
    : allFiles.some((file) => pattern.test(file));
}

/** Checks that links lead to existing files and headings, or are URLs. */
export function checkLinks(documents: readonly Document[]): Findings {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  return walk(documents, (document) =>
    document.links.map((link) => ({ ...link, problem: linkProblem(link.destination, document, byPath) })),
  );
}

function linkProblem(
  destination: string,
  document: Document,
  byPath: ReadonlyMap<string, Document>,
): string | undefined {
  if (/^[a-z]+:/i.test(destination)) return URL.canParse(destination) ? undefined : 'is not a valid URL';
  const [file = '', anchor] = destination.split('#');
  const path = file === '' ? document.path : posix.normalize(posix.join(posix.dirname(document.path), file));
  if (!existsSync(join(root, path)) && !byPath.has(path)) return `leads to ${path}, which does not exist`;
  if (anchor === undefined) return undefined;
  return byPath.get(path)?.anchors.has(anchor) ? undefined : `leads to no heading #${anchor} in ${path}`;
}

/** Checks that command lines, in blocks and in sentences, use existing commands, flags and npm scripts. */
export function checkCommands(documents: readonly Document[]): Findings {
  const manifest = Manifest.read();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return walk(documents, (document) => {
    const inBlocks = document.blocks
      .filter(({ language }) => language !== 'output')
      .flatMap(({ text, line }) =>
        linesOf(text).map((each) => ({ text: each.text, line: line + each.offset })),
      )
      .filter(({ text }) => /(?:^|[\s(=])(?:kitectl|kontrol|npm) /.test(text));
    return [...inBlocks, ...document.codes].flatMap(({ text, line }) =>
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

/** The lines of a script. A line that a backslash continues is one line with the next. */
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

/** Flags of other programs. */
const FLAGS_OF_OTHERS = new Set(['auto-compaction-retention']);

/** Checks that flags without a command (`--port`) belong to some command. */
export function checkFlags(documents: readonly Document[]): Findings {
  const { flags } = Manifest.read();
  return walk(documents, (document) =>
    document.codes.flatMap(({ text, line }) => {
      const [, name] = /^--?([a-z][\w-]*)/i.exec(text) ?? [];
      if (name === undefined) return [];
      const isKnown = flags.has(name) || FLAGS_OF_OTHERS.has(name);
      return [{ text, line, problem: isKnown ? undefined : 'is not a flag of any command' }];
    }),
  );
}

/** Checks that the source reads the environment variables of this project (`KITE_KEY`). */
export function checkVariables(documents: readonly Document[]): Findings {
  const source = allFiles
    .filter((file) => file.startsWith('src/') && file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const known = new Set([...(source.match(VARIABLE) ?? []), ...Manifest.read().kontrolVariables]);
  return walk(documents, (document) =>
    [...document.codes, ...document.blocks].flatMap(({ text, line }) =>
      (text.match(VARIABLE) ?? []).map((name) => ({
        text: name,
        line,
        problem: known.has(name) ? undefined : 'is a variable that nothing reads',
      })),
    ),
  );
}

/** Checks that imports in sentences (`kitectl/browser`) are entry points of the package. */
export function checkEntryPoints(documents: readonly Document[]): Findings {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  return walk(documents, (document) =>
    document.codes
      .filter(({ text }) => /^kitectl\/[\w./-]+$/.test(text))
      .map((code) => ({
        ...code,
        problem: Object.hasOwn(exports, code.text.replace('kitectl', '.'))
          ? undefined
          : 'is not an entry point of the package',
      })),
  );
}

/** A name in camel case or Pascal case, possibly of a member: `resolveConfig`, `Dispatcher.dispatch`. */
const IDENTIFIER =
  /^(?:[A-Z]\w*\.)?(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]?\w*)(?:\(\))?$|^[A-Z]\w*\.\w+(?:\(\))?$/;

/** Checks that identifiers in sentences (`Dispatcher.dispatch`) occur in the source. */
export function checkIdentifiers(documents: readonly Document[]): Findings {
  const known = new Set(
    allFiles
      .filter((file) => /^(?:src|scripts|test|examples)\//.test(file) && /\.(?:ts|cjs)$/.test(file))
      .filter((file) => !file.startsWith('test/acceptance/docs/'))
      .flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\w+/g) ?? []),
  );
  return walk(documents, (document) =>
    document.codes
      .filter(({ text }) => IDENTIFIER.test(text) && !ANY_FILE.test(text))
      .map((code) => {
        // Headers are in lower case in the source, and exported names of Go begin with a capital letter.
        const occurs = (word: string): boolean =>
          known.has(word) || known.has(word.charAt(0).toLowerCase() + word.slice(1));
        const words = code.text.match(/\w+/g) ?? [];
        return { ...code, problem: words.every(occurs) ? undefined : 'does not occur in the source' };
      }),
  );
}

interface Checked {
  readonly text: string;
  readonly line: number;
  readonly problem: string | undefined;
}

function walk(documents: readonly Document[], check: (document: Document) => Checked[]): Findings {
  const all = documents.flatMap((document) =>
    check(document).map((each) => ({ ...each, document: document.path })),
  );
  return {
    checked: all.length,
    problems: all.flatMap(({ document, line, text, problem }) =>
      problem === undefined ? [] : [`${document}:${line}: ${text}: ${problem}`],
    ),
  };
}
