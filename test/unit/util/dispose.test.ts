import { expect, it } from 'vitest';
import { DISPOSE } from '../../../src/lib/util/dispose.js';

it('the symbol for using is that of the platform', () => {
  expect(DISPOSE).toBe(Symbol.dispose);
});
