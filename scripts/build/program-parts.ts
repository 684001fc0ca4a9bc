import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Modules that are bundled into separate files because most commands do not need them. Each file contains a copy of the code
 * that it shares with others, so `instanceof` does not work across them. Keys are names of files in `dist`; values are
 * modules, relative to `src/lib/cli`.
 */
export const parts: Readonly<Record<string, string>> = {
  'http-tunnel': '../transport/forward-proxy/http-tunnel',
  'import-module': 'runtime/import-module',
  'kite-commands': 'kites/kite-commands',
  'kontrol-server': 'kontrol/kontrol-server',
  'proxy-server': 'proxy/proxy-server',
  questions: 'terminal/questions',
  'socks-tunnel': '../transport/forward-proxy/socks-tunnel',
  tables: 'terminal/tables',
  'through-oclif': 'frame/through-oclif',
  yaml: 'terminal/yaml',
};

/** The parts with the commands. Commands that never load the client of kites are in `local`. */
export const commandParts = { local: 'commands-local', network: 'commands-network' } as const;

/** Files of oclif that are bundled only into the part `through-oclif` and loaded from there. */
const EXCLUDED_OCLIF = /[\\/]lib[\\/](?:config|help)[\\/]index\.js$/;

/** Modules that have to be excluded from at least one bundle. */
const EXPECTED_EXCLUDED = [
  ...Object.keys(parts),
  'command-table',
  'lib/config/index.js',
  'lib/help/index.js',
];

/** An esbuild plugin that excludes the parts, and the files of oclif in the part for oclif, so that they are loaded on use. */
export function excludeParts(root: string, excluded: Set<string>): Plugin {
  return {
    name: 'leave-parts',
    setup(builder) {
      builder.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir, importer, kind }) => {
        const file = relative(join(root, 'src', 'lib', 'cli'), join(resolveDir, path));
        const part = Object.keys(parts).find((name) => file.split(sep).join('/') === `${parts[name]}.js`);
        if (part === undefined) return undefined;
        if (kind !== 'dynamic-import') {
          throw new Error(
            `${relative(root, importer)} imports ${path} statically, but it is a separate part: load it with import()`,
          );
        }
        excluded.add(part);
        return { path: `./${part}.cjs`, external: true };
      });
      builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
        if (!/[\\/]@oclif[\\/]core[\\/]lib[\\/]/.test(importer)) return undefined;
        const file = createRequire(importer).resolve(path);
        if (!EXCLUDED_OCLIF.test(file)) return undefined;
        excluded.add(file.split(sep).slice(-3).join('/'));
        return { path: './through-oclif.cjs', external: true };
      });
      builder.onResolve({ filter: /^\.\/commands-\w+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** An esbuild plugin for the part for oclif, which imports the commands of `dist/commands` through the part that keeps `import()`. */
export function externalImportModule(excluded: Set<string>): Plugin {
  return {
    name: 'leave-import',
    setup(builder) {
      builder.onResolve({ filter: /^\.\/import-module\.cjs$/ }, ({ path }) => {
        excluded.add('import-module');
        return { path, external: true };
      });
    },
  };
}

/** @throws Error if no bundle excludes a part, so that all of them contain a copy of it */
export function requireAllExcluded(excluded: ReadonlySet<string>): void {
  const missing = EXPECTED_EXCLUDED.find((name) => !excluded.has(name));
  if (missing !== undefined) {
    throw new Error(
      `The build does not exclude ${missing} from any bundle: see parts in scripts/build/program-parts.ts.`,
    );
  }
}
