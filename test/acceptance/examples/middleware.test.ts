import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example middleware prints which calls ran and which were refused', async () => {
  const { code, stdout, stderr } = await startExample('middleware').outcome;
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'bob called add',
    '1',
    'refused clear of bob: "bob" may not call the method "clear"',
    'refused list of a stranger: session: no such session',
    'alice called clear',
    'refused clear of alice: The maximum request rate is exceeded.',
    'carol called add',
    '1',
    'carol called list',
    "[ 'write tests' ]",
    '',
  ]);
  expect(code).toBe(0);
});
