import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { root } from '../../../../scripts/build/paths.js';
import { leaveParts, parts, requireAllLeft } from '../../../../scripts/build/program-parts.js';

function bundle(contents: string, left = new Set<string>()): Promise<unknown> {
  return build({
    stdin: { contents, resolveDir: `${root}/src/lib/cli/call`, sourcefile: 'new.ts', loader: 'ts' },
    bundle: true,
    platform: 'node',
    packages: 'external',
    write: false,
    logLevel: 'silent',
    plugins: [leaveParts(root, left)],
  });
}

describe('the parts of the program', () => {
  it('a part of the program is excluded from the bundles that load it lazily', async () => {
    const left = new Set<string>();
    await bundle(`export const yaml = () => import('../terminal/yaml.js');`, left);
    expect([...left]).toEqual(['yaml']);
  });

  it('a part of the program fails the build if a module imports it at its start', async () => {
    await expect(bundle(`export { toYaml } from '../terminal/yaml.js';`)).rejects.toThrow(
      /imports \.\.\/terminal\/yaml\.js at its start/,
    );
  });

  it('a part of the program fails the build if no bundle excludes it', () => {
    const all = [...Object.keys(parts), 'command-table', 'lib/config/index.js', 'lib/help/index.js'];
    expect(() => requireAllLeft(new Set(all))).not.toThrow();
    for (const name of all) {
      expect(() => requireAllLeft(new Set(all.filter((other) => other !== name)))).toThrow(name);
    }
  });
});
