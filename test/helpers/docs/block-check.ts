import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { root } from '../cli/cli-harness.js';
import type { Block, Document } from './markdown.js';

/** The languages that a block can have, and how each is checked. */
export const LANGUAGES = {
  ts: 'compiled',
  js: 'compiled',
  json: 'parsed',
  yaml: 'parsed',
  ini: 'parsed',
  sh: 'run',
  output: 'compared with the output of the shell block before it',
  text: 'must not contain a command',
} as const;

export type Language = keyof typeof LANGUAGES;

export interface DocumentBlock extends Block {
  readonly document: string;
}

/** The blocks of these languages on all documents. */
export function blocksOf(documents: readonly Document[], ...languages: readonly Language[]): DocumentBlock[] {
  const wanted: readonly string[] = languages;
  return documents.flatMap((document) =>
    document.blocks
      .filter(({ language }) => wanted.includes(language))
      .map((block) => ({ ...block, document: document.path })),
  );
}

/** Reports blocks that nothing checks. No block is exempt. */
export function unknownBlocks(documents: readonly Document[]): string[] {
  return documents.flatMap(({ path, blocks, indented }) => [
    ...blocks
      .filter(({ language }) => !Object.hasOwn(LANGUAGES, language))
      .map(
        ({ language, line }) => `${path}:${line}: ${language || 'no language'} is not checked by anything`,
      ),
    ...indented.map((line) => `${path}:${line}: an indented block has no language; fence it`),
    ...blocks
      .filter(({ language, text }) => language === 'text' && COMMAND.test(text))
      .map(({ line }) => `${path}:${line}: a command belongs in a block that is run (sh)`),
  ]);
}

const COMMAND = /^\s*(?:\$ |(?:kitectl|kontrol|npm|npx|node|curl) )/m;

/** Parses a block of data. @returns the problem, if any */
export function dataProblem({ language, text }: Block): string | undefined {
  try {
    if (language === 'json') JSON.parse(text);
    else if (language === 'yaml') parseYaml(text);
    else return unitProblem(text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Parses a systemd unit: sections with settings. */
function unitProblem(text: string): string | undefined {
  const [first = '', ...rest] = text.split('\n').filter((line) => line.trim() !== '');
  if (!/^\[\w+\]$/.test(first)) return 'does not begin with a section';
  return rest.find((line) => !/^(?:\[\w+\]|\w+=.*|[#;].*)$/.test(line));
}

const COMMON = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  allowJs: true,
  moduleDetection: 'force',
  noEmit: true,
};

/** Compiler options for a program in Node and for a page. */
const PLATFORMS = {
  node: {
    ...COMMON,
    lib: ['ES2023'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
  },
  page: {
    ...COMMON,
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: [],
    module: 'ESNext',
    moduleResolution: 'Bundler',
  },
};

type Platform = keyof typeof PLATFORMS;

/** A block that imports the browser library runs in a page. */
function platformOf({ text }: Block): Platform {
  return /from '\.?\/?kitectl[/.](?:browser|esm)/.test(text) ? 'page' : 'node';
}

/**
 * Compiles each block as a separate module, in a folder where the package is installed.
 *
 * @returns the errors of the compiler, with document and line
 */
export async function compile(blocks: readonly DocumentBlock[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kitectl-docs-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'kitectl'), 'junction');
    // A program that uses a schema library has installed it.
    const zod = join('node_modules', 'zod');
    await symlink(join(root, zod), join(folder, zod), 'junction');
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const platforms = Object.keys(PLATFORMS) as Platform[];
    const problems = await Promise.all(
      platforms.map((platform) =>
        compileFor(
          platform,
          blocks.filter((block) => platformOf(block) === platform),
          folder,
        ),
      ),
    );
    return problems.flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compileFor(
  platform: Platform,
  blocks: readonly DocumentBlock[],
  folder: string,
): Promise<string[]> {
  if (blocks.length === 0) return [];
  const home = join(folder, platform);
  await mkdir(home);
  const names = new Map<string, DocumentBlock>();
  for (const [index, block] of blocks.entries()) {
    const name = `block-${index}.${block.language}`;
    names.set(name, block);
    await writeFile(join(home, name), block.text);
  }
  const config = { compilerOptions: PLATFORMS[platform], include: ['*'] };
  await writeFile(join(home, 'tsconfig.json'), JSON.stringify(config));
  const said = await tsc(home);
  return said.split('\n').flatMap((line) => {
    const [, name = '', at, message = ''] = /^(?:.*\/)?([\w.-]+)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const block = names.get(name);
    if (block) return [`${block.document}:${block.line + Number(at) - 1}: ${message}`];
    return /^error|: error /.test(line) ? [line] : [];
  });
}

function tsc(folder: string): Promise<string> {
  const program = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, '--project', folder, '--pretty', 'false'], (error, stdout, stderr) =>
      resolve(error ? stdout + stderr || error.message : ''),
    );
  });
}
