import { describe, expect, it } from 'vitest';
import { formatResult, resultWriter } from '../../../../src/lib/cli/call/call-result.js';
import { RESULT_COLUMNS } from '../../../../src/lib/cli/runtime/command-limits.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

async function format(result: unknown, as?: OutputFormat, raw = false, isTTY = false): Promise<string> {
  const runtime = testRuntime({ stdout: new Sink({ isTTY }), color: 'never' });
  return Array.from(await formatResult(result, { format: as, raw }, runtime)).join('');
}

const people = [
  { name: 'bob', age: 4 },
  { name: 'eve', home: { city: 'x' } },
];

describe('the result of a call', () => {
  it('the result of a call is JSON, indented on a terminal', async () => {
    expect(await format({ a: 1 })).toBe('{"a":1}\n');
    expect(await format({ a: 1 }, undefined, false, true)).toBe('{\n  "a": 1\n}\n');
    expect(await format({ a: 1 }, 'json', false, true)).toBe('{"a":1}\n');
    expect(await format(undefined)).toBe('null\n');
  });

  it('a string result is printed without quotes with --raw', async () => {
    for (const as of [undefined, 'json', 'ndjson'] as const) expect(await format('a', as, true)).toBe('a\n');
    expect(await format(4, undefined, true)).toBe('4\n');
  });

  it('a list result is printed one line per item with ndjson and name', async () => {
    expect(await format(people, 'ndjson')).toBe(
      '{"name":"bob","age":4}\n{"name":"eve","home":{"city":"x"}}\n',
    );
    expect(await format(people, 'name')).toBe('bob\neve\n');
    expect(await format([{ id: 7 }, 'a b', 4, { x: 1 }], 'name')).toBe('7\na b\n4\n{"x":1}\n');
    expect(await format('a', 'name')).toBe('a\n');
  });

  it('a result formatted as a table has a column per key, a row per field, or is its plain text', async () => {
    const table = await format(people, 'table');
    for (const text of ['name', 'age', 'home', 'bob', '{"city":"x"}']) expect(table).toContain(text);
    expect(await format({ a: 1, b: 'x' }, 'table')).toMatch(/│ b +│ x +│/);
    expect(await format([1, 2], 'table')).toContain('│ value │');
    expect(await format('x', 'table')).toBe('x\n');
    expect(await format({}, 'table')).toBe('{}\n');
  });

  it('a list of objects with too many keys for columns is a table with one column of JSON', async () => {
    const objects = (keys: number) => Array.from({ length: keys }, (_, n) => ({ [`k${n}`]: n }));
    expect(await format(objects(RESULT_COLUMNS), 'table')).toMatch(/│ k0 +│ k1 /);
    expect(await format(objects(RESULT_COLUMNS + 1), 'table')).toContain('│ {"k0":0} ');
  });

  it('the results of several calls are one document each', async () => {
    const write = await resultWriter({ format: 'yaml', raw: false }, new Sink());
    expect(write([1]) + write('a')).toBe('- 1\n---\na\n');
  });
});
