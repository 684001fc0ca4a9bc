import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';

const require = createRequire(import.meta.url);

/** The commands in a built bundle, by their words. */
function commandsOf(part: string): string[] {
  const { commands } = require(join(root, 'dist', part)) as { readonly commands: object };
  return Object.keys(commands);
}

it('the built bundles contain each file of src/commands once, and commands that call no kite are in the small one', () => {
  const files = readdirSync(join(root, 'src', 'commands'), { recursive: true, encoding: 'utf8' });
  const ids = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length).replaceAll(/[\\/]/g, ' '));
  const local = commandsOf('commands-local.cjs');
  const network = commandsOf('commands-network.cjs');
  expect([...local, ...network].toSorted()).toEqual(ids.toSorted());
  expect(local).toEqual(expect.arrayContaining(['showkey', 'install', 'context use', 'kontrol start']));
  expect(network).toEqual(expect.arrayContaining(['call', 'query', 'doctor']));
});
