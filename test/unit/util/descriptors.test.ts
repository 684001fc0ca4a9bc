import { describe, expect, it } from 'vitest';
import { DESCRIPTORS_HINT, isOutOfDescriptors, reasonWithHint } from '../../../src/lib/util/descriptors.js';
import { hostileErrors } from '../../helpers/hostile-errors.js';

describe('isOutOfDescriptors', () => {
  it.each([
    ['EMFILE', true],
    ['ENFILE', true],
    ['ENOENT', false],
  ])('an error with the code %s means that there are no more descriptors: %s', (code, expected) => {
    const error = Object.assign(new Error(`spawn ${code}`), { code });
    expect(isOutOfDescriptors(error)).toBe(expected);
    expect(reasonWithHint(error).includes(DESCRIPTORS_HINT)).toBe(expected);
    expect(reasonWithHint(error)).toContain(`spawn ${code}`);
  });

  it.each([...hostileErrors().keys()])('%s does not mean that there are no more descriptors', (what) => {
    expect(isOutOfDescriptors(hostileErrors().get(what))).toBe(false);
    expect(reasonWithHint(hostileErrors().get(what))).toBeTypeOf('string');
  });
});
