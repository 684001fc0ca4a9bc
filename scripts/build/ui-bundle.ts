import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Builds Kontrol's page into `outdir`. `root` is the repository. Returns the paths of the source files of its script. */
export async function buildUi(root: string, outdir: string): Promise<string[]> {
  const from = join(root, 'src', 'ui');
  await mkdir(outdir, { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(from, 'ui-main.ts')],
    outfile: join(outdir, 'ui.js'),
    absWorkingDir: root,
    bundle: true,
    metafile: true,
    minify: true,
    legalComments: 'none',
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'ui.css', 'icon.svg']) {
    await copyFile(join(from, name), join(outdir, name));
  }
  return Object.keys(metafile.inputs);
}
