import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../build/paths.js';

/** A limit with the parts of its documentation comment. */
export interface LimitDeclaration {
  /** Path relative to `src/`, such as `lib/dnode/dnode-limits.ts`. */
  readonly file: string;
  readonly name: string;
  /** Whether an option `limits` can change it. */
  readonly settable: boolean;
  readonly value: number;
  /** Such as `Maximum size of a message, in bytes of UTF-8`. */
  readonly meaning: string;
  /** As written in the comment, such as `16 MiB`. */
  readonly default: string;
  /** Such as `If exceeded, the connection closes with 1009.` */
  readonly consequence: string;
}

const DECLARATION =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n *(?:readonly (\w+): number;|export const ([A-Z]\w*)(?:: number)? = )/g;

/** A limit without a comment of the form `Maximum … . Default … . If exceeded, … .` */
export class LimitProblem extends Error {}

/**
 * Reads all limits from the files `*-limits.ts` of `src`.
 *
 * @throws LimitProblem if the comment of a limit is missing or malformed
 */
export async function limitDeclarations(): Promise<readonly LimitDeclaration[]> {
  const src = join(root, 'src');
  const names = await readdir(src, { recursive: true });
  const files = names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('-limits.ts'))
    .toSorted((a, b) => a.localeCompare(b, 'en'));
  const lists = await Promise.all(files.map((file) => declarationsIn(src, file)));
  return lists.flat();
}

async function declarationsIn(src: string, file: string): Promise<LimitDeclaration[]> {
  const text = await readFile(join(src, file), 'utf8');
  const module = (await import(pathToFileURL(join(src, file)).href)) as Readonly<Record<string, unknown>>;
  const records = Object.values(module).filter((value) => typeof value === 'object' && value !== null);
  const values: Readonly<Record<string, unknown>> = Object.assign({}, ...records);
  const declarations = [...text.matchAll(DECLARATION)].map(([, comment = '', property, constant]) => {
    const name = property ?? constant ?? '';
    const value = property === undefined ? module[name] : values[name];
    if (typeof value !== 'number') throw new LimitProblem(`${file}: ${name} has no value`);
    return {
      file,
      name,
      settable: property !== undefined,
      value,
      ...parseComment(comment, `${file}: ${name}`),
    };
  });
  const declared = text.match(/^ +readonly \w+: number;|^export const [A-Z]\w*(?:: number)? = /gm) ?? [];
  if (declared.length !== declarations.length) throw new LimitProblem(`${file}: a limit has no comment`);
  return declarations;
}

function parseComment(
  comment: string,
  where: string,
): Pick<LimitDeclaration, 'meaning' | 'default' | 'consequence'> {
  const text = comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim();
  const [, meaning, defaultValue, consequence] =
    /^((?:Maximum|Minimum) .+?)\. Default (.+?)\. (If .+\.)$/.exec(text) ?? [];
  if (meaning === undefined || defaultValue === undefined || consequence === undefined) {
    throw new LimitProblem(`${where}: write "Maximum … . Default … . If exceeded, … .", not "${text}"`);
  }
  return { meaning, default: defaultValue, consequence };
}

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  ms: 1,
  s: 1000,
};

/** Parses a default: 16,777,216 for `16 MiB`, 60,000 for `60 s`. */
export function numberOf(text: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+)(?: (\w+))?$/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '') || Number.NaN) * (unit === '' ? 1 : (UNITS[unit] ?? Number.NaN));
}
