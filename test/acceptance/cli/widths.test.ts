import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { displayWidth } from '../../../src/lib/cli/terminal/display-width.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { Tmux } from '../../helpers/cli/tmux.js';
import { WIDE_NAMES } from '../../helpers/cli/wide-names.js';

/** What tmux 3.3 does not know: selectors of emoji, and colors of skin. */
const UNKNOWN: ReadonlySet<string> = new Set(['1️⃣', '❤️', '🏳️‍🌈', '👍🏽']);

let cli: Cli;
let tmux: Tmux;

beforeAll(async () => {
  cli = await Cli.create();
  tmux = await Tmux.start(cli.home);
});

afterAll(async () => {
  await tmux.close();
  await cli.remove();
});

/** Prints each line of a file on the terminal, and where the cursor then is, in one line. */
const MEASURE = `while IFS= read -r name <&3; do
  printf '\\r\\e[K%s\\e[6n' "$name" >/dev/tty
  IFS='[;' read -rsd R _ row column </dev/tty
  printf '%s ' $((column - 1))
done 3<names`;

it('names take as many cells as a terminal gives them', async () => {
  const names = Object.keys(WIDE_NAMES).filter((name) => !UNKNOWN.has(name));
  await writeFile(join(cli.home, 'names'), names.map((name) => `${name}\n`).join(''));
  await writeFile(join(cli.home, 'measure'), MEASURE);
  await tmux.open(200, 24);
  const cells = (await tmux.output('bash measure')).split(' ').map(Number);
  console.log(`cells: ${names.length} names`);
  const measured = Object.fromEntries(names.map((name, at) => [name, cells[at]]));
  expect(measured).toEqual(Object.fromEntries(names.map((name) => [name, displayWidth(name)])));
});
