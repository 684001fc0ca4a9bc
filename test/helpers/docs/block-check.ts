import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { root } from '../cli/cli-harness.js';
import type { Block, Page } from './markdown.js';

/** What may stand behind the three backticks, and what becomes of the block. */
export const LANGUAGES = {
  ts: 'compiled',
  js: 'compiled',
  json: 'parsed',
  yaml: 'parsed',
  ini: 'parsed',
  sh: 'run',
  output: 'compared with what the shell block before it printed',
  text: 'read, as it is neither code nor a command',
} as const;

export type Language = keyof typeof LANGUAGES;

export interface PagedBlock extends Block {
  readonly page: string;
}

/** The blocks of these languages on all pages. */
export function blocksOf(pages: readonly Page[], ...languages: readonly Language[]): PagedBlock[] {
  const wanted: readonly string[] = languages;
  return pages.flatMap((page) =>
    page.blocks
      .filter(({ language }) => wanted.includes(language))
      .map((block) => ({ ...block, page: page.path })),
  );
}

/** Blocks of which nothing here knows what to do with them: none is exempt from being checked. */
export function unknownBlocks(pages: readonly Page[]): string[] {
  return pages.flatMap(({ path, blocks, indented }) => [
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

/** Parses a block of data. @returns what is wrong with it */
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

/** A unit of systemd: sections of settings. */
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

/** A program in Node, and a page: what each has besides the language. */
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

/** A block that imports what is made for pages runs in one. */
function platformOf({ text }: Block): Platform {
  return /from '\.?\/?kitectl[/.](?:browser|esm)/.test(text) ? 'page' : 'node';
}

/**
 * Compiles each block as a module of its own, which sees the package as a program sees it that has installed it.
 *
 * @returns what the compiler says, with page and line
 */
export async function compile(blocks: readonly PagedBlock[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kitectl-docs-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'kitectl'), 'junction');
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
  blocks: readonly PagedBlock[],
  folder: string,
): Promise<string[]> {
  if (blocks.length === 0) return [];
  const home = join(folder, platform);
  await mkdir(home);
  const names = new Map<string, PagedBlock>();
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
    if (block) return [`${block.page}:${block.line + Number(at) - 1}: ${message}`];
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
