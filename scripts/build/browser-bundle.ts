import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Format } from 'esbuild';
import { minify } from 'terser';
import { internalNames } from './internal-names.js';

const OPTIONS = {
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  // Omits declarations of fields that the constructor assigns, which saves 0.5 % of the bundle.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, target: 'es2022' } },
  legalComments: 'none',
  // Pages have neither; bundlers may add a process whose nextTick is a timer.
  define: { 'globalThis.process': 'undefined', 'globalThis.Buffer': 'undefined' },
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions;

const BUNDLES: readonly { readonly entryPoint: string; readonly format: Format; readonly name: string }[] = [
  { entryPoint: 'src/lib/browser.ts', format: 'esm', name: 'kitectl.esm.js' },
  { entryPoint: 'src/lib/browser-global.ts', format: 'iife', name: 'kitectl.js' },
  { entryPoint: 'src/lib/browser-core.ts', format: 'esm', name: 'kitectl-core.esm.js' },
  { entryPoint: 'src/lib/browser-core-global.ts', format: 'iife', name: 'kitectl-core.js' },
  { entryPoint: 'src/lib/browser-service.ts', format: 'esm', name: 'kitectl-service.esm.js' },
  { entryPoint: 'src/lib/browser-service-global.ts', format: 'iife', name: 'kitectl-service.js' },
  { entryPoint: 'src/lib/browser-webrtc.ts', format: 'esm', name: 'kitectl-webrtc.esm.js' },
  { entryPoint: 'src/lib/browser-webrtc-global.ts', format: 'iife', name: 'kitectl-webrtc.js' },
];

/** A bundle of esbuild, before the second minifier. */
interface BrowserBundle {
  readonly name: string;
  readonly format: Format;
  readonly text: string;
  /** Paths of its source files, relative to the repository. */
  readonly inputs: readonly string[];
}

/**
 * Bundles the library for pages, and writes the files to `outdir`. `kitectl.esm.js` is `kitectl/browser` as one module, and
 * `kitectl.js` is for a plain <script> and defines the global `kitectl`; `kitectl-core…`, `kitectl-service…` and `kitectl-webrtc…`
 * are the same for `kitectl/browser/core`, `kitectl/browser/service` and `kitectl/browser/webrtc`. `root` is the repository.
 */
export async function bundleForBrowsers(root: string, outdir: string): Promise<void> {
  await mkdir(outdir, { recursive: true });
  const bundles = await esbuildBundles(root);
  await Promise.all(
    bundles.map(async (bundle) =>
      writeFile(
        join(outdir, bundle.name),
        await minifyAgain(bundle, await internalNames(root, bundle.inputs)),
      ),
    ),
  );
}

export function esbuildBundles(root: string): Promise<readonly BrowserBundle[]> {
  return Promise.all(
    BUNDLES.map(async ({ entryPoint, format, name }) => {
      const { outputFiles, metafile } = await build({
        ...OPTIONS,
        entryPoints: [entryPoint],
        format,
        outfile: name,
        absWorkingDir: root,
        write: false,
      });
      return { name, format, text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
    }),
  );
}

/**
 * Minifies again with terser, which saves 4 % of the bundle; 1 % of it by hoisting functions. Inlined functions compress worse
 * than calls. Shorter names of properties save another 2 %. The unsafe options fail for operands whose valueOf has effects, and for functions that are constructors; there are none.
 */
async function minifyAgain({ text, format }: BrowserBundle, names: readonly string[]): Promise<string> {
  const { code } = await minify(text, {
    ecma: 2020,
    module: format === 'esm',
    toplevel: true,
    mangle: { properties: { regex: new RegExp(`^(?:${names.join('|')})$`), keep_quoted: 'strict' } },
    compress: {
      passes: 6,
      hoist_funs: true,
      pure_getters: true,
      // oxlint-disable-next-line no-unsafe-enum-assignment -- terser declares the enum and does not export it
      inline: 1,
      lhs_constants: false,
      unsafe_comps: true,
      unsafe_arrows: true,
    },
  });
  if (code === undefined) throw new Error('terser returned no code');
  return code;
}
