import { describe, expect, it } from 'vitest';
import { checkStructure } from '../../../../scripts/structure/check-structure.js';
import { importGraph } from '../../../../scripts/structure/source-imports.js';
import type { Folder } from '../../../../scripts/structure/structure-table.js';

/** A program of three layers, of which the middle one has subfolders. */
const FOLDERS: readonly Folder[] = [
  { name: '.', about: 'the program', imports: ['shop'] },
  {
    name: 'shop',
    about: 'what it sells',
    folders: [
      { name: '.', about: 'the counter', exports: ['counter'] },
      { name: 'fruit', about: 'fruit', siblings: 'goods', entries: ['apple'] },
      { name: 'bread', about: 'bread', siblings: 'goods', entries: ['roll'] },
      { name: 'stock', about: 'the stock', entries: ['shelf'] },
    ],
  },
  { name: 'util', about: 'helpers', entries: ['clock'] },
];

/** The files of a valid program, each with its imports. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['./shop/counter.js'],
  'shop/counter.ts': ['./fruit/apple.js', './bread/roll.js'],
  'shop/fruit/apple.ts': ['../stock/shelf.js', '../../util/clock.js'],
  'shop/bread/roll.ts': [],
  'shop/stock/shelf.ts': ['./box.js'],
  'shop/stock/box.ts': [],
  'util/clock.ts': [],
};

function check(changes: Readonly<Record<string, readonly string[]>> = {}, folders = FOLDERS) {
  const texts = Object.entries({ ...FILES, ...changes }).map(([path, specifiers]): [string, string] => [
    path,
    specifiers.map((specifier) => `import '${specifier}';`).join('\n'),
  ]);
  return checkStructure(importGraph(new Map(texts)), folders);
}

const changed = (name: string, change: Partial<Folder>): readonly Folder[] =>
  FOLDERS.map((folder) => (folder.name === name ? { ...folder, ...change } : folder));

describe('the structure check', () => {
  it('the structure check accepts imports that go downwards through declared files, and counts them', () => {
    expect(check()).toEqual({ files: 7, imports: 6, folders: 7, problems: [] });
  });

  it.each<[string, Parameters<typeof check>, RegExp]>([
    [
      'an import from a lower layer into a higher one',
      [{ 'util/clock.ts': ['../shop/counter.js'] }],
      /^util\/clock\.ts imports shop\/counter\.ts: util must not import shop$/,
    ],
    [
      'an import from a lower subfolder into a higher one',
      [{ 'shop/stock/box.ts': ['../fruit/apple.js'] }],
      /^shop\/stock\/box\.ts imports shop\/fruit\/apple\.ts: shop\/stock must not import shop\/fruit$/,
    ],
    [
      'an import from a subfolder into the files of its folder',
      [{ 'shop/bread/roll.ts': ['../counter.js'] }],
      /: shop\/bread must not import shop$/,
    ],
    [
      'an import between siblings',
      [{ 'shop/fruit/apple.ts': ['../stock/shelf.js', '../bread/roll.js'] }],
      /: shop\/fruit must not import shop\/bread$/,
    ],
    [
      'an import of a lower layer that is not declared',
      [{ 'main.ts': ['./shop/counter.js', './util/clock.js'] }],
      /^main\.ts imports util\/clock\.ts: \. must not import util$/,
    ],
    [
      'a subfolder that is entered through an undeclared file',
      [{ 'shop/fruit/apple.ts': ['../stock/shelf.js', '../stock/box.js'] }],
      /: "box" is not among the entries of shop\/stock$/,
    ],
    [
      'a layer that is entered through a file that only its own folders may import',
      [{ 'main.ts': ['./shop/counter.js', './shop/stock/shelf.js'] }],
      /: "shelf" is not among the exports of shop\/stock$/,
    ],
    [
      'an import from a folder that declares no files',
      [{}, changed('util', { entries: [] })],
      /^shop\/fruit\/apple\.ts imports util\/clock\.ts: "clock" is not among the entries of util$/,
    ],
    [
      'two files of one folder that import each other',
      [{ 'shop/stock/box.ts': ['./shelf.js'] }],
      /^These files import each other: shop\/stock\/shelf\.ts → shop\/stock\/box\.ts$/,
    ],
    ['a file that imports itself', [{ 'util/clock.ts': ['./clock.js'] }], /each other: util\/clock\.ts$/],
    [
      'a file in a folder that is not declared',
      [{ 'cellar/wine.ts': [] }],
      /^cellar\/wine\.ts is not in a declared folder$/,
    ],
    [
      'a file in an undeclared subfolder',
      [{ 'shop/cheese/brie.ts': [] }],
      /^shop\/cheese\/brie\.ts is not in a declared folder$/,
    ],
    [
      'a file below a folder without subfolders',
      [{ 'util/time/zone.ts': [] }],
      /^util\/time\/zone\.ts is not in a declared folder$/,
    ],
    [
      'a declared folder without files',
      [{}, [...FOLDERS, { name: 'attic', about: 'nothing' }]],
      /^attic is declared but has no files$/,
    ],
    [
      'a declared import of a higher folder',
      [{}, changed('util', { imports: ['shop'] })],
      /^util is declared to import shop, which is not below it$/,
    ],
    [
      'a declared entry that nothing imports',
      [{}, changed('util', { entries: ['clock', 'calendar'] })],
      /^util declares "calendar" in entries/,
    ],
  ])('the structure check reports %s', (_what, [changes, folders], problem) => {
    expect(check(changes, folders).problems).toContainEqual(expect.stringMatching(problem));
  });

  it('the structure check allows files in unlisted folders if the table allows it', () => {
    const nested = changed('util', { nested: true });
    expect(check({ 'util/time/zone.ts': [] }, nested).problems).toEqual([]);
  });
});
