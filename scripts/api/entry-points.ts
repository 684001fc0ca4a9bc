import { API, type Symbol } from 'typescript/unstable/sync';
import { type Described, type Description, EntryPointReader } from './entry-point-reader.js';

export type { Description } from './entry-point-reader.js';

/** `name` is what programs import; `file` is the full path of its declarations, with slashes. */
export interface EntryPoint {
  readonly name: string;
  readonly file: string;
}

/**
 * Reads what entry points export, and every declaration that this refers to, from the .d.ts files of the build. What several
 * of them export is described with the first.
 *
 * The API of the TypeScript compiler calls itself unstable. Only this folder and test/language use it.
 */
export function describeEntryPoints(root: string, entryPoints: readonly EntryPoint[]): Description[] {
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
    if (!project) throw new Error(`The compiler does not read ${config}.`);
    const described = new Map<Symbol, Described>();
    return entryPoints.map(({ name, file }) => {
      const source = project.program.getSourceFile(file);
      if (!source) throw new Error(`${file} does not exist. Build first: npm run build`);
      return new EntryPointReader(project.checker, `${root}/dist/`, name, described).read(source);
    });
  } finally {
    api.close();
  }
}
