import type { SourceFile } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

const CONFIG = '/virtual/tsconfig.json';

/** Parses TypeScript source by its path, without resolving imports or checking types. */
export function parseSources(sources: Readonly<Record<string, string>>): ReadonlyMap<string, SourceFile> {
  const files = new Map(Object.entries(sources).map(([path, text]) => [`/virtual/${path}`, text]));
  const options = { noResolve: true, noLib: true, types: [] };
  files.set(CONFIG, JSON.stringify({ compilerOptions: options, files: [...files.keys()], include: [] }));
  const api = new API({
    cwd: '/',
    fs: {
      readFile: (path) => files.get(path),
      fileExists: (path) => files.has(path),
    },
  });
  try {
    const project = api.updateSnapshot({ openProjects: [CONFIG] }).getProject(CONFIG);
    const parsed = new Map<string, SourceFile>();
    for (const path of Object.keys(sources)) {
      const file = project?.program.getSourceFile(`/virtual/${path}`);
      if (!file) throw new Error(`The compiler did not parse ${path}.`);
      parsed.set(path, file);
    }
    return parsed;
  } finally {
    api.close();
  }
}
