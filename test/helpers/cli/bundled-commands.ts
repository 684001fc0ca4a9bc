import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { EXTERNAL } from '../../../scripts/build/bundle-program.js';
import { lazyOclif } from '../../../scripts/build/oclif-rewrites.js';
import { root } from './cli-harness.js';

/**
 * Writes the modules of `dist/commands`, each of which exports its command as oclif finds it, with their imports bundled in
 * few files. Every module exists once, as when Node loads them one by one, which takes twice as long.
 */
export async function bundleCommands(outdir: string): Promise<void> {
  const files = await readdir(join(root, 'src', 'commands'), { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: files.filter((file) => file.endsWith('.ts')).map((file) => join('src', 'commands', file)),
    outbase: join('src', 'commands'),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: [...EXTERNAL, './import-module.cjs'],
    minifySyntax: true,
    minifyWhitespace: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [lazyOclif(new Map())],
  });
}
