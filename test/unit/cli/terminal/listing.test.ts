import { describe, expect, it } from 'vitest';
import { printList } from '../../../../src/lib/cli/terminal/listing.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { fruits, printedList, printed } from '../../../helpers/cli/fruits.js';

describe('a list', () => {
  it.each<[OutputFormat, string]>([
    ['json', '[{"name":"apple","weight":4},{"name":"fig\\t\\u001b[2J\\u202e","weight":1}]\n'],
    ['ndjson', '{"name":"apple","weight":4}\n{"name":"fig\\t\\u001b[2J\\u202e","weight":1}\n'],
    ['yaml', '- name: apple\n  weight: 4\n- name: "fig\\t\\e[2J\\u202e"\n  weight: 1\n'],
    ['name', 'apple\nfig\\t\\u001b[2J\\u202e\n'],
  ])('a list as %s is the same on a terminal and in a pipe', async (format, expected) => {
    expect(await printedList(format)).toBe(expected);
    expect(await printedList(format, true)).toBe(expected);
  });

  it('a list without a format is a table on a terminal and lines in a pipe', async () => {
    expect(await printedList(undefined)).toBe('apple\nfig\\t\\u001b[2J\\u202e\n');
    expect(await printedList(undefined, true)).toContain('│ apple');
  });

  it('a list is a table in a pipe with -o table, and has all columns with -o wide', async () => {
    expect(await printedList('table')).toContain('│ apple');
    expect(await printedList('table')).not.toContain('weight');
    expect(await printedList('wide')).toContain('│ weight │');
    expect(await printedList('wide')).toContain('\\x1b[2J\\u202e');
  });

  it('an empty list prints nothing in a pipe by default, and an empty array as JSON', async () => {
    const none = (format: OutputFormat | undefined) =>
      printed((world) => printList([], fruits, format, world));
    expect(await none(undefined)).toBe('');
    expect(await none('name')).toBe('');
    expect(await none('ndjson')).toBe('');
    expect(await none('json')).toBe('[]\n');
    expect(await none('yaml')).toBe('[]\n');
  });

  it('a list fits the width of the terminal, except with -o wide', async () => {
    const long = [{ name: 'x'.repeat(200), weight: 1 }];
    const widest = async (format: OutputFormat) => {
      const text = await printed((world) => printList(long, fruits, format, world), true);
      return Math.max(...text.split('\n').map((line) => line.length));
    };
    expect(await widest('table')).toBeLessThanOrEqual(60);
    expect(await widest('wide')).toBeGreaterThan(200);
  });
});
