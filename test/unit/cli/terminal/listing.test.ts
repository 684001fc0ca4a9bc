import { describe, expect, it } from 'vitest';
import { printList } from '../../../../src/lib/cli/terminal/listing.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { TABLE_LENGTH, TABLE_LINES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { type Fruit, fruits, printedList, printed, rows } from '../../../helpers/cli/fruits.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

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

  it.each([
    ['more rows', Array.from({ length: TABLE_LINES }, (_, n) => ({ name: `n${n}`, weight: n }))],
    ['longer values', [{ name: 'x'.repeat(TABLE_LENGTH), weight: 1 }, ...rows]],
  ])('a list with %s than fit into a table with borders is printed in columns', async (_title, many) => {
    for (const isTTY of [false, true]) {
      const text = await printed((world) => printList(many, fruits, 'wide', world), isTTY);
      const lines = text.trimEnd().split('\n');
      expect(lines[0]).toMatch(/^name +weight$/);
      expect(lines).toHaveLength(many.length + 1);
      expect(text).not.toContain('│');
    }
  });

  it('a list is written in pieces, each when the stream can take more', async () => {
    const stdout = new Sink();
    stdout._write = (_chunk, _encoding, done) => void setImmediate(done);
    let waiting = 0;
    const name = () => {
      waiting = Math.max(waiting, stdout.writableLength);
      return 'x'.repeat(1000);
    };
    const many = Array.from({ length: 1000 }, () => rows[0] as Fruit);
    await printList(many, { ...fruits, name }, 'name', testRuntime({ stdout }));
    expect(waiting).toBeLessThan(200_000);
  });
});
