/** Numbers of JSON that JavaScript would write differently: those that it cannot represent, and those that it spells differently. */
export const HOSTILE_NUMBERS: readonly string[] = [
  '9007199254740993',
  '-9007199254740993',
  '18446744073709551615',
  '1732968343123456789',
  '12345678901234567890123456789012345678901234567890',
  '1e400',
  '-1e400',
  '12e4567',
  '5e123456',
  '1e-400',
  '0.1000000000000000055',
  '3.14159265358979323846264338327950288',
  '-0',
  '1e21',
  '1E2',
  '1.0',
  '1.50',
  '0.0000001',
];

/** The hostile numbers that JavaScript can represent: it only spells them differently. */
export const SPELLED_DIFFERENTLY: readonly string[] = ['-0', '1e21', '1E2', '1.0', '1.50', '0.0000001'];

/** The hostile numbers that JavaScript cannot represent. */
export const INEXACT_NUMBERS = HOSTILE_NUMBERS.filter((number) => !SPELLED_DIFFERENTLY.includes(number));
