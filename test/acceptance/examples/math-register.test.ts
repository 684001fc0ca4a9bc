import { afterAll, beforeAll, expect, it } from 'vitest';
import { Network } from '../../helpers/cli/cli-network.js';
import { firstLines, startExample } from '../../helpers/process/example.js';

let network: Network;

beforeAll(async () => {
  network = await Network.create();
});

afterAll(() => network.close());

it('the example math-register registers with Kontrol and is called by name', async () => {
  const example = startExample('math-register', { home: network.cli.home });
  const [line] = await firstLines(example);
  expect(line).toMatch(/^registered as \/bob\/prod\/math\/1\.0\.0\/\S+ at http:\/\/127\.0\.0\.1:\d+\/kite$/);
  expect(await network.cli.run(['call', 'square', '4', '--to', '/bob/prod/math'])).toEqual({
    code: 0,
    stdout: '16\n',
    stderr: '',
  });
  expect(example.stdout).toContain('bob calls square with 4\n');
  example.child.kill('SIGTERM');
  expect((await example.outcome).code).toBe(0);
  expect((await network.cli.run(['query', '/bob/prod/math'])).code).toBe(5);
});
