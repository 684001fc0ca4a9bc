/** Reads what entry points export, and every declaration that this refers to, from the .d.ts files of the build. */
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SymbolFlags } from 'typescript/unstable/sync';

/**
 * Describes each entry point (its `name`, and the `file` with its declarations):
 *
 * - `exported`: the declarations that it exports;
 * - `internal`: the declarations of this package that those refer to, and that it does not export;
 * - `imported`: what it imports from elsewhere;
 * - `reExported` and `shared`: by the name of an earlier entry point, what of the two above is described there.
 */
export function describeEntryPoints(root, entryPoints) {
  // A project that is not on the disk: it reads the declarations as a program that imports them does.
  const config = `${root}/api/tsconfig.json`;
  const content = JSON.stringify({
    compilerOptions: {
      module: 'NodeNext',
      target: 'ES2022',
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      types: ['node'],
    },
    files: entryPoints.map(({ file }) => file),
    include: [],
  });
  const api = new API({
    cwd: root,
    fs: {
      readFile: (file) => (file === config ? content : undefined),
      fileExists: (file) => (file === config ? true : undefined),
    },
  });
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    const described = new Map();
    return entryPoints.map((entryPoint) => describe(project, entryPoint, `${root}/dist/`, described));
  } finally {
    api.close();
  }
}

/** `described` has, by symbol, where it is described already: the entry point, the name there, and whether in full. */
function describe({ program, checker }, { name: entryName, file }, ownFiles, described) {
  const source = program.getSourceFile(file);
  if (!source) throw new Error(`${file} does not exist. Build first: npm run build`);

  /** What to write, by symbol and in the order in which it was found. */
  const entries = new Map();
  const imported = new Map();
  const reExported = new Map();
  const shared = new Map();
  const declarations = [];

  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  for (const symbol of exports.toSorted((a, b) => compare(a.name, b.name))) {
    entryOf(resolveAlias(symbol), symbol.name, { isExported: true, isValue: !isTypeOnly(symbol) });
  }
  // The map grows while it is walked: each declaration adds the symbols that it refers to.
  for (const [symbol, { name, isExported, isValue }] of entries) {
    const earlier = described.get(symbol);
    if (earlier && (earlier.isValue || !isValue)) {
      const lists = isExported ? reExported : shared;
      const item = markType(symbol, isExported && !isValue) + renamed(earlier.name, name);
      lists.set(earlier.entryName, [...(lists.get(earlier.entryName) ?? []), item]);
      continue;
    }
    described.set(symbol, { entryName, name, isValue });
    for (const handle of symbol.declarations) {
      const text = markType(symbol, isExported && !isValue) + textOf(handle.resolve(), isValue);
      declarations.push({ name, isExported, text });
    }
  }

  const sorted = declarations.toSorted((a, b) => compare(a.name, b.name));
  return {
    name: entryName,
    exported: sorted.filter(({ isExported }) => isExported).map(({ text }) => text),
    internal: sorted.filter(({ isExported }) => !isExported).map(({ text }) => text),
    imported: sortedLists(imported),
    reExported: sortedLists(reExported),
    shared: sortedLists(shared),
  };

  function entryOf(symbol, wantedName, { isExported = false, isValue = false } = {}) {
    const existing = entries.get(symbol);
    if (existing) return existing;
    const taken = new Set([...entries.values()].map(({ name }) => name));
    let name = wantedName;
    for (let i = 2; taken.has(name); i++) name = `${wantedName}_${i}`;
    const entry = { name, isExported, isValue };
    entries.set(symbol, entry);
    return entry;
  }

  function resolveAlias(symbol) {
    return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  }

  /** Whether an entry point exports the type alone, so that a program can neither construct nor extend a class. */
  function isTypeOnly(symbol) {
    const specifier = symbol.declarations[0]?.resolve();
    if (specifier?.kind !== SyntaxKind.ExportSpecifier) return false;
    if (specifier.isTypeOnly || specifier.parent.parent.isTypeOnly) return true;
    const next = checker.getImmediateAliasedSymbol(symbol);
    return next !== undefined && (next.flags & SymbolFlags.Alias) !== 0 && isTypeOnly(next);
  }

  /** A declaration without comments, with the names under which this report has what it refers to. */
  function textOf(node, isValue) {
    const text = node.getSourceFile().text;
    const edits = [];
    const isClass = node.kind === SyntaxKind.ClassDeclaration;
    if (isClass && isValue && !node.members.some(({ kind }) => kind === SyntaxKind.Constructor)) {
      markBaseAsValue(node);
    }
    visit(node);

    const pieces = [];
    let position = node.pos;
    for (const { from, to, by } of edits.toSorted((a, b) => a.from - b.from)) {
      pieces.push(text.slice(position, from), by);
      position = to;
    }
    pieces.push(text.slice(position, node.end));
    const declaration = withoutComments(pieces.join(''))
      .trim()
      .replace(/^(?:export |default |declare )+/, '')
      .replace(/\n\s*(?=\n)/g, '');
    return node.kind === SyntaxKind.VariableDeclaration ? `const ${declaration};` : declaration;

    function visit(child) {
      if (isClass && !isValue && child.parent === node && isOfConstructor(child)) {
        edits.push({ from: child.pos, to: child.end, by: '' });
        return;
      }
      if (child.kind === SyntaxKind.ImportType && child.qualifier) {
        edits.push({ from: child.getStart(), to: child.qualifier.getStart(), by: '' });
      }
      if (child.kind === SyntaxKind.Identifier) {
        const name = nameOf(child);
        if (name !== child.text) edits.push({ from: child.getStart(), to: child.end, by: name });
      }
      child.forEachChild(visit);
    }
  }

  /** A class without a constructor has that of its base. */
  function markBaseAsValue({ heritageClauses = [] }) {
    const base = heritageClauses.find(({ token }) => token === SyntaxKind.ExtendsKeyword)?.types[0];
    const symbol = base && checker.getSymbolAtLocation(base.expression);
    const target = symbol && resolveAlias(symbol);
    if (isOwn(target)) entryOf(target, target.name).isValue = true;
  }

  /** The name of what an identifier refers to. Names of parameters, properties and the like stay. */
  function nameOf(identifier) {
    const symbol = checker.getSymbolAtLocation(identifier);
    const target = symbol && resolveAlias(symbol);
    if (isOwn(target)) return entryOf(target, target.name).name;
    const specifier = symbol?.declarations[0]?.resolve();
    if (specifier?.kind === SyntaxKind.ImportSpecifier) {
      const from = specifier.parent.parent.parent.moduleSpecifier.text;
      const names = imported.get(from) ?? [];
      const name = renamed((specifier.propertyName ?? specifier.name).text, identifier.text);
      if (!names.includes(name)) imported.set(from, [...names, name]);
    }
    return identifier.text;
  }

  /** Whether a symbol is declared in a file of this package, and not inside another declaration. */
  function isOwn(symbol) {
    const declaration = symbol?.declarations[0]?.resolve();
    if (!declaration?.getSourceFile().fileName.startsWith(ownFiles)) return false;
    const isVariable = declaration.kind === SyntaxKind.VariableDeclaration;
    const statement = isVariable ? declaration.parent.parent : declaration;
    return statement.parent?.kind === SyntaxKind.SourceFile;
  }
}

/** The mark of a class, function or constant of which an entry point exports the type alone. */
function markType({ flags }, isTypeOnly) {
  return isTypeOnly && (flags & SymbolFlags.Value) !== 0 ? 'type ' : '';
}

function isOfConstructor({ kind, modifiers = [] }) {
  return (
    kind === SyntaxKind.Constructor ||
    [...modifiers].some((modifier) => modifier.kind === SyntaxKind.StaticKeyword)
  );
}

function withoutComments(text) {
  // A string comes first, since what looks like a comment inside it is not one.
  return text.replace(/(['"`])(?:\\.|(?!\1)[^\\])*\1|\/\*[^]*?\*\/|\/\/.*/g, (match, quote) =>
    quote ? match : '',
  );
}

function renamed(from, to) {
  return from === to ? from : `${from} as ${to}`;
}

function sortedLists(lists) {
  return [...lists]
    .map(([from, names]) => ({ from, names: names.toSorted(compare) }))
    .toSorted((a, b) => compare(a.from, b.from));
}

function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}
