import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Returns the names of properties that only the source files `inputs` use, so that a minifier can shorten them: the members of
 * their classes and interfaces, except for names
 *
 * - of the public API, which are in the API reports, with the types that it refers to,
 * - of the protocol, which are in the code of docs/protocol.md, and keys in test/vectors,
 * - that the source has in quotes, because it may use them as keys,
 * - of objects that come from elsewhere, to which the source casts: `as { pipe?: unknown }`.
 *
 * The minifier itself excludes the names of built-in objects and of the DOM. `root` is the repository.
 */
export async function internalNames(root: string, inputs: readonly string[]): Promise<readonly string[]> {
  const sources = (await readAll(root, inputs)).map(withoutComments).map(withoutPicks);
  const reserved = new Set([
    ...wordsIn(await readFolder(root, 'api', '.api.md')),
    ...(await readFolder(root, 'test/vectors', '.json')).flatMap((text) => matches(text, KEY)),
    ...wordsIn((await readAll(root, ['docs/protocol.md'])).flatMap(codeIn)),
    ...sources.flatMap((source) => matches(source, QUOTED)),
    ...wordsIn(sources.flatMap((source) => matches(source, CAST))),
  ]);
  const declared = new Set(sources.flatMap(membersIn));
  return [...declared].filter((name) => name.length > 2 && !reserved.has(name)).toSorted();
}

/** A class or an interface. The formatter indents its members by two spaces, and everything in them by more. */
const DECLARATION = /^(?:export )?(?:abstract )?(?:class|interface) .*\{\n([\s\S]*?)^\}/gm;
const MEMBER = /^ {2}(?:[a-z]+ )*([A-Za-z_]\w*)[?!]?(?:[(:<;]| =)/gm;
const QUOTED = /['"`](\w+)['"`]/g;
const CAST = /\bas (\{[^}]*\})/g;
/** A key of JSON, which may be in a string. */
const KEY = /\\*"(\w+)\\*":/g;

function membersIn(source: string): string[] {
  return matches(source, DECLARATION).flatMap((body) => matches(body, MEMBER));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}

function wordsIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.match(/\w+/g) ?? []);
}

/** Returns the blocks of code of a document, and the code in its sentences. */
function codeIn(document: string): string[] {
  return document.match(/```[\s\S]*?```|`[^`\n]+`/g) ?? [];
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^ *\/\/.*$/gm, '');
}

/** Removes types such as `Pick<Request, 'timeLeft'>`, whose quotes do not exist at run time. */
function withoutPicks(source: string): string {
  return source.replaceAll(/\b(?:Pick|Omit)<[^>]*>/g, '');
}

async function readFolder(root: string, folder: string, extension: string): Promise<string[]> {
  const names = (await readdir(join(root, folder))).filter((name) => name.endsWith(extension));
  return readAll(
    root,
    names.map((name) => `${folder}/${name}`),
  );
}

function readAll(root: string, paths: readonly string[]): Promise<string[]> {
  return Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
}
