import { expect, it } from 'vitest';
import { startExample } from '../../helpers/process/example.js';

it('the example kontrol-embedded runs a Kontrol, where one kite registers and another finds it', async () => {
  const { code, stdout } = await startExample('kontrol-embedded').outcome;
  expect(stdout).toMatch(
    /^Kontrol listens at http:\/\/127\.0\.0\.1:\d+\/kite\nmath at http:\/\/127\.0\.0\.1:\d+\/kite squares 4: 16\n$/,
  );
  expect(code).toBe(0);
});
