import { describe, expect, it } from 'vitest';
import { importGraph, relativeSpecifiers } from '../../../../scripts/structure/source-imports.js';

describe('relativeSpecifiers', () => {
  it.each([
    ["import { a } from './a.js';"],
    ["import './a.js';"],
    ["import type { A } from './a.js';"],
    ["import {\n  a,\n  type B,\n} from './a.js';"],
    ["export * from './a.js';"],
    ["export type { A } from './a.js';"],
    ["const a = await import('./a.js');"],
    ["let a: typeof import('./a.js');"],
    ["const load = () => import(\n  './a.js'\n);"],
    ['import { a } from "./a.js";'],
    ['const a = import(`./a.js`);'],
  ])('relativeSpecifiers finds the import in %j', (text) => {
    expect(relativeSpecifiers(text)).toEqual(['./a.js']);
  });

  it.each([
    "// import './a.js';",
    "/** import './a.js'; */",
    " * import './a.js';",
    "import fs from 'node:fs';",
  ])('relativeSpecifiers finds no import in %j', (text) => {
    expect(relativeSpecifiers(text)).toEqual([]);
  });
});

describe('the graph of imports', () => {
  it('the graph of imports contains each source file once', () => {
    const graph = importGraph(
      new Map([
        ['a/b.ts', "import '../c.js'; import type { C } from '../c.js'; import './missing.js';"],
        ['c.ts', ''],
      ]),
    );
    expect([...graph]).toEqual([
      ['a/b.ts', ['c.ts']],
      ['c.ts', []],
    ]);
  });
});
