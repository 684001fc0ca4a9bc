import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example callbacks reports progress and events until the function is forgotten', async () => {
  expect(await startExample('callbacks').outcome).toEqual({
    code: 0,
    stdout: [
      'progress: 25 %',
      'progress: 50 %',
      'progress: 75 %',
      'progress: 100 %',
      'complete',
      'event: first',
      '',
    ].join('\n'),
    stderr: expect.stringMatching(/^(?:\S+ INFO .*\n)*$/),
  });
});
