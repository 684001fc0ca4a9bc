import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example types calls typed methods, and prints results that have the declared types', async () => {
  expect(await startExample('types').outcome).toEqual({
    code: 0,
    stdout: [
      '16',
      'TypeScript, TypeScript 2',
      '14 days',
      '2030 1 Types is back',
      'TYPES, PAGE 1',
      'TYPES, PAGE 2',
      '2',
      'Invalid arguments for "books.find"',
      'array',
      '',
    ].join('\n'),
    stderr: expect.stringMatching(/^(?:\S+ INFO .*\n)*$/),
  });
});
