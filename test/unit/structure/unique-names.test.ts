import {
  isClassDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isVariableStatement,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../../helpers/source-files.js';
import { parseSources } from '../../language/parse-sources.js';

// Two things with one name are easily mistaken for each other. Commands are exempt: their files and classes are named after them.

/** Base names that several files have: entry points are named after what they export. */
const SHARED_FILE_NAMES: ReadonlySet<string> = new Set(['index.ts', 'kontrol.ts']);

/** Names of several types, each part of the public API of another entry point. */
const SHARED_TYPE_NAMES: Readonly<Record<string, string>> = {
  Registration: "a kite's registration with Kontrol, and the record of it in a store",
};

const sources = sourceFiles().filter(({ path }) => !path.startsWith('src/commands/'));

function repeatedIn(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

interface Declarations {
  readonly types: readonly string[];
  /** Exported constants in upper case. */
  readonly constants: readonly string[];
}

function declarationsOf(file: SourceFile): Declarations {
  const types: string[] = [];
  const constants: string[] = [];
  file.forEachChild((node: Node): undefined => {
    if (isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) || isClassDeclaration(node)) {
      if (node.name) types.push(node.name.text);
    } else if (isVariableStatement(node) && node.getText().startsWith('export')) {
      for (const { name } of node.declarationList.declarations) {
        if (isIdentifier(name) && /^[A-Z][A-Z\d_]*$/.test(name.text)) constants.push(name.text);
      }
    }
  });
  return { types, constants };
}

function repeatedDeclarations(files: Readonly<Record<string, string>>): Declarations {
  const declared = [...parseSources(files).values()].map(declarationsOf);
  return {
    types: repeatedIn(declared.flatMap(({ types }) => types)),
    constants: repeatedIn(declared.flatMap(({ constants }) => constants)),
  };
}

describe('the names in src', () => {
  it('each file of src, except commands, has a base name that no other file has', () => {
    const names = sources.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
    console.log(`${names.length} files of src have different names`);
    expect(repeatedIn(names).filter((name) => !SHARED_FILE_NAMES.has(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(400);
  });

  it('each type and each exported constant has a name that no other one has', () => {
    const repeated = repeatedDeclarations(Object.fromEntries(sources.map(({ path, text }) => [path, text])));
    expect(repeated).toEqual({ types: Object.keys(SHARED_TYPE_NAMES), constants: [] });
  });

  it('the check of names finds a repeated type and a repeated exported constant', () => {
    const repeated = repeatedDeclarations({
      'a.ts': 'export interface Row {}\nexport const MOST = 1;\nconst LOCAL = 1;',
      'b.ts': 'type Row = string;\nexport const MOST = 2;\nconst LOCAL = 2;',
    });
    expect(repeated).toEqual({ types: ['Row'], constants: ['MOST'] });
  });
});
