import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/lib/util/duration.js';

describe('parseDuration', () => {
  it.each([
    ['15s', 15_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h0m0.5s', 3_600_500],
    ['500ms', 500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['100μs', 0.1],
    ['1000ns', 0.001],
    ['-1s', -1000],
    ['+1s', 1000],
    ['0', 0],
    ['-0', 0],
    ['4', 4000],
    ['0.25', 250],
    [' 4s ', 4000],
  ])('parseDuration parses %j as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });

  it.each([
    '',
    ' ',
    '-',
    's',
    '4x',
    '4 s',
    '4s4',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1d',
    '--1s',
    '.',
    '.s',
    '4,5s',
    '9'.repeat(400),
  ])('parseDuration rejects the malformed text %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [15_000, '15s'],
    [1500, '1.5s'],
    [1100, '1.1s'],
    [500, '500ms'],
    [0.1, '100µs'],
    [0.000001, '1ns'],
    [300_000, '5m0s'],
    [5_400_000, '1h30m0s'],
    [-1000, '-1s'],
  ])('formatDuration formats %d ms as %s, which is parsed back', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });
});
