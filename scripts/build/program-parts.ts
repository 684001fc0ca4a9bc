import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * What most commands do without is a file of its own: Node reads every file that it loads to the end. Each is complete, with
 * a copy of what it shares with others, so that values that go from one to another must not be told apart by their class.
 * Each name is that of a file in `dist`, each value that of a module in `src/lib/cli`.
 */
export const parts: Readonly<Record<string, string>> = {
  'import-module': 'runtime/import-module',
  'installed-kites': 'kites/installed-kites',
  'kontrol-server': 'kontrol/kontrol-server',
  'proxy-server': 'proxy/proxy-server',
  questions: 'terminal/questions',
  tables: 'terminal/tables',
  'through-oclif': 'frame/through-oclif',
  yaml: 'terminal/yaml',
};

/** The parts with the commands. Each command is in the first where it never loads the client of kites. */
export const commandParts = { local: 'commands-local', network: 'commands-network' } as const;

/** Which half of oclif stays in the part `through-oclif`, and is loaded from there. */
const LEFT_OCLIF = /[\\/]lib[\\/](?:config|help)[\\/]index\.js$/;

/** What must be left out of some bundle, or the build is not what it should be. */
const EXPECTED = [...Object.keys(parts), 'command-table', 'lib/config/index.js', 'lib/help/index.js'];

/** Leaves the parts, and the half of oclif that is in the part for oclif, to be loaded when they are used. */
export function leaveParts(root: string, left: Set<string>): Plugin {
  return {
    name: 'leave-parts',
    setup(builder) {
      builder.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir, importer, kind }) => {
        const file = relative(join(root, 'src', 'lib', 'cli'), join(resolveDir, path));
        const part = Object.keys(parts).find((name) => file.split(sep).join('/') === `${parts[name]}.js`);
        if (part === undefined) return undefined;
        if (kind !== 'dynamic-import') {
          throw new Error(
            `${relative(root, importer)} imports ${path} at its start, and it is a part of its own: load it with import()`,
          );
        }
        left.add(part);
        return { path: `./${part}.cjs`, external: true };
      });
      builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
        if (!/[\\/]@oclif[\\/]core[\\/]lib[\\/]/.test(importer)) return undefined;
        const file = createRequire(importer).resolve(path);
        if (!LEFT_OCLIF.test(file)) return undefined;
        left.add(file.split(sep).slice(-3).join('/'));
        return { path: './through-oclif.cjs', external: true };
      });
      builder.onResolve({ filter: /^\.\/commands-\w+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** In the part for oclif: imports the commands of `dist/commands` through the one part in which `import()` stays what it is. */
export function leaveImport(left: Set<string>): Plugin {
  return {
    name: 'leave-import',
    setup(builder) {
      builder.onResolve({ filter: /^\.\/import-module\.cjs$/ }, ({ path }) => {
        left.add('import-module');
        return { path, external: true };
      });
    },
  };
}

/** @throws Error that names the first part that no bundle leaves out, so that each holds a copy of it */
export function requireAllLeft(left: ReadonlySet<string>): void {
  const missing = EXPECTED.find((name) => !left.has(name));
  if (missing !== undefined) {
    throw new Error(
      `The build leaves ${missing} out of no bundle: see parts in scripts/build/program-parts.ts.`,
    );
  }
}
