import { describe, expect, it } from 'vitest';
import { printDetails } from '../../../../src/lib/cli/terminal/details.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { printed } from '../../../helpers/cli/fruits.js';

describe('the details of an item', () => {
  const details = {
    fields: [
      { label: 'Name', value: 'a\tb' },
      { label: 'Secret', value: 'c', wide: true },
    ],
    data: { name: 'a\tb' },
    name: 'a\tb',
  };
  const one = (format: OutputFormat | undefined, isTTY = false, lines?: readonly string[]) =>
    printed((world) => printDetails({ ...details, ...(lines && { lines }) }, format, world), isTTY);

  it('details in a pipe are one tab-separated line per field', async () => {
    expect(await one(undefined)).toBe('Name\ta\\tb\n');
  });

  it('details have lines of their own if no format is requested', async () => {
    expect(await one(undefined, true, ['Made a b.'])).toBe('Made a b.\n');
    expect(await one(undefined, false, ['one\ntwo'])).toBe('one\\ntwo\n');
    expect(await one('json', true, ['Made a b.'])).toBe('{"name":"a\\tb"}\n');
    expect(await one('table', false, ['Made a b.'])).toContain('│ Name');
  });

  it('a field without a label has a row of its own in a table', async () => {
    const fields = [
      { label: '', value: 'first' },
      { label: 'b', value: 'second' },
    ];
    const table = await printed((world) => printDetails({ ...details, fields }, 'table', world), true);
    expect(table.split('\n').filter((line) => /\w/.test(line))).toEqual([
      expect.stringMatching(/│ +│ first/),
      expect.stringMatching(/│ b +│ second/),
    ]);
  });

  it('details as yaml, name and wide have the formats of lists', async () => {
    expect(await one('yaml')).toBe('name: "a\\tb"\n');
    expect(await one('name')).toBe('a\\tb\n');
    expect(await one('table')).not.toContain('Secret');
    expect(await one('wide')).toContain('Secret');
  });
});
