import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Format } from 'esbuild';
import { minify } from 'terser';

const OPTIONS = {
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  // A field that the constructor assigns needs no declaration: half a percent of what pages load.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, target: 'es2022' } },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions;

/** One file for pages. */
export interface BrowserBundle {
  readonly name: string;
  readonly text: string;
  /** The sources that it is made of, from the folder of the repository. */
  readonly inputs: readonly string[];
}

/**
 * What pages load: `kitectl.esm.js` is `kitectl/browser` as one module, `kitectl.js` is for a plain <script> and says
 * `kitectl` to the page; `kitectl-webrtc…` are the same of `kitectl/browser/webrtc`. `root` is the repository. Writes to
 * `outdir`, or only returns the files where there is none.
 */
export async function bundleForBrowsers(root: string, outdir?: string): Promise<readonly BrowserBundle[]> {
  const bundles: readonly { entryPoints: string[]; format: Format; outfile: string }[] = [
    { entryPoints: ['src/lib/browser.ts'], format: 'esm', outfile: 'kitectl.esm.js' },
    { entryPoints: ['src/lib/browser-global.ts'], format: 'iife', outfile: 'kitectl.js' },
    { entryPoints: ['src/lib/browser-webrtc.ts'], format: 'esm', outfile: 'kitectl-webrtc.esm.js' },
    { entryPoints: ['src/lib/browser-webrtc-global.ts'], format: 'iife', outfile: 'kitectl-webrtc.js' },
  ];
  return Promise.all(
    bundles.map(async ({ outfile, ...bundle }) => {
      const { outputFiles, metafile } = await build({
        ...OPTIONS,
        ...bundle,
        absWorkingDir: root,
        write: false,
      });
      const text = await smaller(outputFiles[0]?.text ?? '', bundle.format);
      if (outdir !== undefined) {
        await mkdir(outdir, { recursive: true });
        await writeFile(join(outdir, outfile), text);
      }
      return { name: outfile, text, inputs: Object.keys(metafile.inputs) };
    }),
  );
}

/** What a second minifier finds: four percent of what pages load, one of them by putting functions side by side. */
async function smaller(text: string, format: Format): Promise<string> {
  const { code } = await minify(text, {
    ecma: 2020,
    module: format === 'esm',
    toplevel: true,
    compress: { passes: 3, hoist_funs: true, pure_getters: true },
  });
  if (code === undefined) throw new Error('terser returned no code');
  return code;
}
