import { expect, it } from 'vitest';
import { errorCode } from '../../../src/lib/util/error-code.js';

it.each([
  [Object.assign(new Error('no'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('no'), { code: 5 }), undefined],
  [new Error('no'), undefined],
  [null, undefined],
  ['ENOENT', undefined],
])('the code of the error %o is %j', (error, code) => {
  expect(errorCode(error)).toBe(code);
});

it('the code of an error whose properties cannot be read is undefined', () => {
  const error = {
    get code(): string {
      throw new Error('no');
    },
  };
  expect(errorCode(error)).toBeUndefined();
});
