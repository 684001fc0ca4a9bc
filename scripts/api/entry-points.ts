import { API, type Symbol } from 'typescript/unstable/sync';
import { type DescribedSymbol, type EntryPointDescription, EntryPointReader } from './entry-point-reader.js';

export type { EntryPointDescription } from './entry-point-reader.js';

/** `name` is the import specifier; `file` is the absolute path of the declarations, with slashes. */
export interface EntryPoint {
  readonly name: string;
  readonly file: string;
}

/**
 * Reads the exports of entry points, and all declarations that they refer to, from the .d.ts files of the build. A declaration
 * that several entry points export is described with the first one.
 *
 * Only this folder and test/language use the API of the TypeScript compiler, because it is unstable.
 */
export function describeEntryPoints(
  root: string,
  entryPoints: readonly EntryPoint[],
): EntryPointDescription[] {
  // A virtual project that reads the declarations as an importing program does.
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
    if (!project) throw new Error(`The compiler did not load ${config}.`);
    const described = new Map<Symbol, DescribedSymbol>();
    return entryPoints.map(({ name, file }) => {
      const source = project.program.getSourceFile(file);
      if (!source) throw new Error(`${file} does not exist. Build first: npm run build`);
      return new EntryPointReader(project.checker, `${root}/dist/`, name, described).read(source);
    });
  } finally {
    api.close();
  }
}
