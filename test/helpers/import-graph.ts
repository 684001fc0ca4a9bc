import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { relativeSpecifiers, resolveSpecifier } from '../../scripts/structure/source-imports.js';
import { root, sourceFiles } from './source-files.js';

/** Programs and bundles that a test uses without importing them. */
const STARTED: Readonly<Record<string, () => readonly string[]>> = {
  'test/helpers/cli/cli-harness.ts': () => [
    'src/cli.ts',
    ...sourceFiles().flatMap(({ path }) => (path.startsWith('src/commands/') ? [path] : [])),
  ],
  'test/helpers/browser/page-server.ts': () => [
    'src/lib/browser-global.ts',
    'src/lib/browser-core-global.ts',
    'src/lib/browser-service-global.ts',
    'src/lib/browser-webrtc-global.ts',
  ],
  'test/helpers/browser/kontrol-page.ts': () => ['src/ui/ui-main.ts'],
};

/** The files of `src`, `test` and `scripts` that `path` uses, directly or not, itself included. */
export function usedBy(path: string): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [path];
  for (const file of queue) {
    if (found.has(file)) continue;
    found.add(file);
    queue.push(...importsOf(file), ...(STARTED[file]?.() ?? []));
  }
  return found;
}

const cache = new Map<string, readonly string[]>();

/** The relative imports of a file: static, dynamic, and of types. */
function importsOf(path: string): readonly string[] {
  let imports = cache.get(path);
  if (!imports) {
    imports = readImports(path);
    cache.set(path, imports);
  }
  return imports;
}

function readImports(path: string): string[] {
  return relativeSpecifiers(readFileSync(join(root, path), 'utf8'))
    .map((specifier) => resolveSpecifier(path, specifier))
    .filter((target) => existsSync(join(root, target)));
}
