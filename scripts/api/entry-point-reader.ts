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

/** The exports of an entry point, and the declarations that they refer to. */
export interface EntryPointDescription {
  readonly name: string;
  /** Exported declarations. */
  readonly exported: readonly string[];
  /** Declarations of this package that the exports refer to, and that are not exported. */
  readonly internal: readonly string[];
  /** Imports from other packages. */
  readonly imported: readonly NamesFrom[];
  /** Exports that are described in the report of another entry point. */
  readonly reExported: readonly NamesFrom[];
  /** Declarations that exports refer to and that are described in the report of another entry point. */
  readonly shared: readonly NamesFrom[];
}

export interface NamesFrom {
  readonly from: string;
  readonly names: readonly string[];
}

/** Where a declaration is described: the entry point, its name there, and whether its constructor is included. */
export interface DescribedSymbol {
  readonly entryPoint: string;
  readonly name: string;
  readonly isValue: boolean;
}

interface ReportEntry {
  readonly name: string;
  readonly isExported: boolean;
  /** Whether programs can use the value and not only the type, for example to construct or extend a class. */
  isValue: boolean;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** Reads one entry point. `ownFiles` is the path prefix of this package's declarations. */
export class EntryPointReader {
  readonly #checker: Checker;
  readonly #ownFiles: string;
  readonly #name: string;
  readonly #described: Map<Symbol, DescribedSymbol>;
  /** The declarations to write, in the order of discovery. */
  readonly #entries = new Map<Symbol, ReportEntry>();
  readonly #imported = new NameLists();

  constructor(checker: Checker, ownFiles: string, name: string, described: Map<Symbol, DescribedSymbol>) {
    this.#checker = checker;
    this.#ownFiles = ownFiles;
    this.#name = name;
    this.#described = described;
  }

  read(source: SourceFile): EntryPointDescription {
    const module = this.#checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${source.fileName} has no exports.`);
    const exports = this.#checker.getExportsOfModule(module);
    for (const symbol of exports.toSorted((a, b) => compare(a.name, b.name))) {
      const isValue = !this.#isTypeOnly(symbol);
      this.#entryOf(this.#resolveAlias(symbol), symbol.name, { isExported: true, isValue });
    }

    const declarations: { readonly name: string; readonly isExported: boolean; readonly text: string }[] = [];
    const reExported = new NameLists();
    const shared = new NameLists();
    // The map grows during the loop: each declaration adds the symbols that it refers to.
    for (const [symbol, { name, isExported, isValue }] of this.#entries) {
      const hasOnlyType = isExported && !isValue && (symbol.flags & SymbolFlags.Value) !== 0;
      const mark = hasOnlyType ? 'type ' : '';
      const earlier = this.#described.get(symbol);
      if (earlier && (earlier.isValue || !isValue)) {
        const lists = isExported ? reExported : shared;
        lists.add(earlier.entryPoint, mark + withAlias(earlier.name, name));
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

  #entryOf(symbol: Symbol, preferredName: string, { isExported = false, isValue = false } = {}): ReportEntry {
    const existing = this.#entries.get(symbol);
    if (existing) return existing;
    const taken = new Set([...this.#entries.values()].map(({ name }) => name));
    let name = preferredName;
    for (let i = 2; taken.has(name); i++) name = `${preferredName}_${i}`;
    const entry = { name, isExported, isValue };
    this.#entries.set(symbol, entry);
    return entry;
  }

  #resolveAlias(symbol: Symbol): Symbol {
    return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol);
  }

  /** Whether the symbol is exported with `export type`, directly or by a file that is re-exported. */
  #isTypeOnly(symbol: Symbol): boolean {
    const [specifier] = declarationsOf(symbol);
    if (!specifier || !isExportSpecifier(specifier)) return false;
    const declaration = specifier.parent.parent as { readonly isTypeOnly?: boolean };
    if (specifier.isTypeOnly || declaration.isTypeOnly) return true;
    const next = this.#checker.getImmediateAliasedSymbol(symbol);
    return next !== undefined && (next.flags & SymbolFlags.Alias) !== 0 && this.#isTypeOnly(next);
  }

  /** Returns a declaration without comments, with references renamed to their names in the report. */
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

    const declaration = withoutComments(applyEdits(node, edits))
      .trim()
      .replace(/^(?:export |default |declare )+/, '')
      .replace(/\n\s*(?=\n)/g, '');
    return isVariableDeclaration(node) ? `const ${declaration};` : declaration;
  }

  /** A class without a constructor inherits the one of its base class, so the base class is needed as a value. */
  #markBaseAsValue({ heritageClauses }: ClassDeclaration): void {
    const clause = heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword);
    const base = clause?.types[0];
    const symbol = base && this.#checker.getSymbolAtLocation(base.expression);
    const target = symbol && this.#resolveAlias(symbol);
    if (target && this.#isOwn(target)) this.#entryOf(target, target.name).isValue = true;
  }

  /** Returns the name in the report that an identifier refers to. Names of parameters and properties do not change. */
  #nameOf(identifier: Identifier): string {
    const symbol = this.#checker.getSymbolAtLocation(identifier);
    if (!symbol) return identifier.text;
    const target = this.#resolveAlias(symbol);
    if (this.#isOwn(target)) return this.#entryOf(target, target.name).name;
    const [specifier] = declarationsOf(symbol);
    if (specifier && isImportSpecifier(specifier)) {
      const declaration = specifier.parent.parent.parent as { readonly moduleSpecifier?: { text: string } };
      const name = (specifier.propertyName ?? specifier.name).text;
      this.#imported.add(declaration.moduleSpecifier?.text ?? '', withAlias(name, identifier.text));
    }
    return identifier.text;
  }

  /** Whether the symbol is a top-level declaration of this package. */
  #isOwn(symbol: Symbol): boolean {
    const [declaration] = declarationsOf(symbol);
    if (!declaration?.getSourceFile().fileName.startsWith(this.#ownFiles)) return false;
    const statement = isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return statement.parent?.kind === SyntaxKind.SourceFile;
  }
}

/** Names by their origin. */
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

/** Whether a class member can be used only with the class value: a constructor or a static member. */
function needsValue(member: Node): boolean {
  const { modifiers = [] } = member as { readonly modifiers?: readonly Node[] };
  return isConstructorDeclaration(member) || modifiers.some(({ kind }) => kind === SyntaxKind.StaticKeyword);
}

function applyEdits(node: Node, edits: readonly Edit[]): string {
  const { text } = node.getSourceFile();
  const parts: string[] = [];
  let position = node.pos;
  for (const { from, to, by } of edits.toSorted((a, b) => a.from - b.from)) {
    parts.push(text.slice(position, from), by);
    position = to;
  }
  return parts.join('') + text.slice(position, node.end);
}

function withoutComments(text: string): string {
  // Strings match first, because they may contain what looks like a comment.
  const stringOrComment = /(['"`])(?:\\.|(?!\1)[^\\])*\1|\/\*[^]*?\*\/|\/\/.*/g;
  return text.replace(stringOrComment, (match, quote) => (quote ? match : ''));
}

function withAlias(from: string, to: string): string {
  return from === to ? from : `${from} as ${to}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
