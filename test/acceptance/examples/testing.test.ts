import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example testing runs its tests with the test runner of Node', async () => {
  const { code, stdout } = await startExample('testing', { flags: ['--test', '--test-reporter=tap'] })
    .outcome;
  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
  expect(code).toBe(0);
});
