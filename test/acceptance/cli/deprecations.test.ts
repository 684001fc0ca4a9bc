import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

let cli: Cli;
const remote = new TestKite();

beforeAll(async () => {
  cli = await Cli.create();
  await remote.kite.listen();
  // As a dependency does while a command runs.
  await writeFile(
    join(cli.home, 'old.cjs'),
    `setImmediate(() => process.emitWarning('This is old.', 'DeprecationWarning', 'DEP0123'));`,
  );
});

afterAll(async () => {
  await remote.kite.close();
  await cli.remove();
});

it('the CLI hides deprecation warnings of dependencies unless the user enables them', async () => {
  const call = ['call', 'square', '4', '--to', remote.url];
  const load = `--require ${join(cli.home, 'old.cjs')}`;
  expect(await cli.run(call, { env: { NODE_OPTIONS: load } })).toEqual({
    code: 0,
    stdout: '16\n',
    stderr: '',
  });
  const asked = await cli.run(call, { env: { NODE_OPTIONS: `${load} --trace-deprecation` } });
  expect(asked).toMatchObject({ code: 0, stdout: '16\n' });
  expect(asked.stderr).toContain('DEP0123');
});
