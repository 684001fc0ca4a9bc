import {
  type ClassDeclaration,
  type Identifier,
  isClassDeclaration,
  isConstructorDeclaration,
  isExportSpecifier,
  isIdentifier,
  isImportSpecifier,
  isImportTypeNode,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { type Checker, type Symbol, SymbolFlags } from 'typescript/unstable/sync';

/** What an entry point exports, and what this refers to. */
export interface Description {
  readonly name: string;
  /** The declarations that it exports. */
  readonly exported: readonly string[];
  /** The declarations of this package that those refer to, and that it does not export. */
  readonly internal: readonly string[];
  /** What its declarations import from elsewhere. */
  readonly imported: readonly NamesFrom[];
  /** What it exports, and what it refers to, that is described with another entry point. */
  readonly reExported: readonly NamesFrom[];
  readonly shared: readonly NamesFrom[];
}

export interface NamesFrom {
  readonly from: string;
  readonly names: readonly string[];
}

/** Where a declaration is described: with which entry point, under which name, and whether with its constructor. */
export interface Described {
  readonly entryPoint: string;
  readonly name: string;
  readonly isValue: boolean;
}

interface Entry {
  readonly name: string;
  readonly isExported: boolean;
  /** Whether a program can use more than the type: construct a class, and extend it. */
  isValue: boolean;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** Reads one entry point. `ownFiles` is where the paths of this package's declarations begin. */
export class EntryPointReader {
  readonly #checker: Checker;
  readonly #ownFiles: string;
  readonly #name: string;
  readonly #described: Map<Symbol, Described>;
  /** What to write, in the order in which it was found. */
  readonly #entries = new Map<Symbol, Entry>();
  readonly #imported = new NameLists();

  constructor(checker: Checker, ownFiles: string, name: string, described: Map<Symbol, Described>) {
    this.#checker = checker;
    this.#ownFiles = ownFiles;
    this.#name = name;
    this.#described = described;
  }

  read(source: SourceFile): Description {
    const module = this.#checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${source.fileName} exports nothing.`);
    const exports = this.#checker.getExportsOfModule(module);
    for (const symbol of exports.toSorted((a, b) => compare(a.name, b.name))) {
      const isValue = !this.#isTypeOnly(symbol);
      this.#entryOf(this.#resolveAlias(symbol), symbol.name, { isExported: true, isValue });
    }

    const declarations: { readonly name: string; readonly isExported: boolean; readonly text: string }[] = [];
    const reExported = new NameLists();
    const shared = new NameLists();
    // The map grows while it is walked: each declaration adds the symbols that it refers to.
    for (const [symbol, { name, isExported, isValue }] of this.#entries) {
      const hasOnlyType = isExported && !isValue && (symbol.flags & SymbolFlags.Value) !== 0;
      const mark = hasOnlyType ? 'type ' : '';
      const earlier = this.#described.get(symbol);
      if (earlier && (earlier.isValue || !isValue)) {
        const lists = isExported ? reExported : shared;
        lists.add(earlier.entryPoint, mark + renamed(earlier.name, name));
        continue;
      }
      this.#described.set(symbol, { entryPoint: this.#name, name, isValue });
      for (const node of declarationsOf(symbol)) {
        declarations.push({ name, isExported, text: mark + this.#textOf(node, isValue) });
      }
    }
    const sorted = declarations.toSorted((a, b) => compare(a.name, b.name));
    return {
      name: this.#name,
      exported: sorted.filter(({ isExported }) => isExported).map(({ text }) => text),
      internal: sorted.filter(({ isExported }) => !isExported).map(({ text }) => text),
      imported: this.#imported.sorted(),
      reExported: reExported.sorted(),
      shared: shared.sorted(),
    };
  }

  #entryOf(symbol: Symbol, wantedName: string, { isExported = false, isValue = false } = {}): Entry {
    const existing = this.#entries.get(symbol);
    if (existing) return existing;
    const taken = new Set([...this.#entries.values()].map(({ name }) => name));
    let name = wantedName;
    for (let i = 2; taken.has(name); i++) name = `${wantedName}_${i}`;
    const entry = { name, isExported, isValue };
    this.#entries.set(symbol, entry);
    return entry;
  }

  #resolveAlias(symbol: Symbol): Symbol {
    return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol);
  }

  /** Whether it is exported with `export type`, here or in a file that this one exports again. */
  #isTypeOnly(symbol: Symbol): boolean {
    const [specifier] = declarationsOf(symbol);
    if (!specifier || !isExportSpecifier(specifier)) return false;
    const declaration = specifier.parent.parent as { readonly isTypeOnly?: boolean };
    if (specifier.isTypeOnly || declaration.isTypeOnly) return true;
    const next = this.#checker.getImmediateAliasedSymbol(symbol);
    return next !== undefined && (next.flags & SymbolFlags.Alias) !== 0 && this.#isTypeOnly(next);
  }

  /** A declaration without comments, with the names under which this report has what it refers to. */
  #textOf(node: Node, isValue: boolean): string {
    if (isClassDeclaration(node) && isValue && !node.members.some(isConstructorDeclaration)) {
      this.#markBaseAsValue(node);
    }
    const edits: Edit[] = [];
    const visit = (child: Node): void => {
      if (!isValue && child.parent === node && isClassDeclaration(node) && needsValue(child)) {
        edits.push({ from: child.pos, to: child.end, by: '' });
        return;
      }
      if (isImportTypeNode(child) && child.qualifier) {
        edits.push({ from: child.getStart(), to: child.qualifier.getStart(), by: '' });
      }
      if (isIdentifier(child)) {
        const name = this.#nameOf(child);
        if (name !== child.text) edits.push({ from: child.getStart(), to: child.end, by: name });
      }
      child.forEachChild(visit);
    };
    visit(node);

    const declaration = withoutComments(edited(node, edits))
      .trim()
      .replace(/^(?:export |default |declare )+/, '')
      .replace(/\n\s*(?=\n)/g, '');
    return isVariableDeclaration(node) ? `const ${declaration};` : declaration;
  }

  /** A class without a constructor of its own has that of its base. */
  #markBaseAsValue({ heritageClauses }: ClassDeclaration): void {
    const clause = heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword);
    const base = clause?.types[0];
    const symbol = base && this.#checker.getSymbolAtLocation(base.expression);
    const target = symbol && this.#resolveAlias(symbol);
    if (target && this.#isOwn(target)) this.#entryOf(target, target.name).isValue = true;
  }

  /** The name of what an identifier refers to. Names of parameters, properties and the like stay. */
  #nameOf(identifier: Identifier): string {
    const symbol = this.#checker.getSymbolAtLocation(identifier);
    if (!symbol) return identifier.text;
    const target = this.#resolveAlias(symbol);
    if (this.#isOwn(target)) return this.#entryOf(target, target.name).name;
    const [specifier] = declarationsOf(symbol);
    if (specifier && isImportSpecifier(specifier)) {
      const declaration = specifier.parent.parent.parent as { readonly moduleSpecifier?: { text: string } };
      const name = (specifier.propertyName ?? specifier.name).text;
      this.#imported.add(declaration.moduleSpecifier?.text ?? '', renamed(name, identifier.text));
    }
    return identifier.text;
  }

  /** Whether it is declared in a file of this package, and not inside another declaration. */
  #isOwn(symbol: Symbol): boolean {
    const [declaration] = declarationsOf(symbol);
    if (!declaration?.getSourceFile().fileName.startsWith(this.#ownFiles)) return false;
    const statement = isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return statement.parent?.kind === SyntaxKind.SourceFile;
  }
}

/** Names by where they come from. */
class NameLists {
  readonly #lists = new Map<string, Set<string>>();

  add(from: string, name: string): void {
    this.#lists.set(from, (this.#lists.get(from) ?? new Set()).add(name));
  }

  sorted(): NamesFrom[] {
    return [...this.#lists]
      .map(([from, names]) => ({ from, names: [...names].toSorted(compare) }))
      .toSorted((a, b) => compare(a.from, b.from));
  }
}

function declarationsOf(symbol: Symbol): Node[] {
  return symbol.declarations.flatMap((handle) => handle.resolve() ?? []);
}

/** Whether a member of a class is there for those alone who have the class, and not just its type. */
function needsValue(member: Node): boolean {
  const { modifiers = [] } = member as { readonly modifiers?: readonly Node[] };
  return isConstructorDeclaration(member) || modifiers.some(({ kind }) => kind === SyntaxKind.StaticKeyword);
}

function edited(node: Node, edits: readonly Edit[]): string {
  const { text } = node.getSourceFile();
  const pieces: string[] = [];
  let position = node.pos;
  for (const { from, to, by } of edits.toSorted((a, b) => a.from - b.from)) {
    pieces.push(text.slice(position, from), by);
    position = to;
  }
  return pieces.join('') + text.slice(position, node.end);
}

function withoutComments(text: string): string {
  // A string comes first, since what looks like a comment inside it is not one.
  const stringOrComment = /(['"`])(?:\\.|(?!\1)[^\\])*\1|\/\*[^]*?\*\/|\/\/.*/g;
  return text.replace(stringOrComment, (match, quote) => (quote ? match : ''));
}

function renamed(from: string, to: string): string {
  return from === to ? from : `${from} as ${to}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
