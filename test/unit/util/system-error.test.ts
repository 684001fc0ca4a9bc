import { expect, it } from 'vitest';
import { systemErrorReason } from '../../../src/lib/util/system-error.js';

it.each([
  [Object.assign(new Error('EACCES: open'), { code: 'EACCES' }), 'permission denied'],
  [Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }), 'the disk is full'],
  [Object.assign(new Error('it broke'), { code: 'EOTHER' }), 'it broke'],
  ['it broke', 'it broke'],
])('the reason of the error %o is %j', (error, reason) => {
  expect(systemErrorReason(error)).toBe(reason);
});
