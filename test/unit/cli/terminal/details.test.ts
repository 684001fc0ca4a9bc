import { describe, expect, it } from 'vitest';
import { printDetails } from '../../../../src/lib/cli/terminal/details.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { printed } from '../../../helpers/cli/fruits.js';

describe('one thing', () => {
  const details = {
    fields: [
      { label: 'Name', value: 'a\tb' },
      { label: 'Secret', value: 'c', wide: true },
    ],
    data: { name: 'a\tb' },
    name: 'a\tb',
  };
  const one = (format: OutputFormat | undefined, isTTY = false, text?: string) =>
    printed((world) => printDetails({ ...details, ...(text && { text }) }, format, world), isTTY);

  it('in a pipe is a line for each field, with a tab that is one', async () => {
    expect(await one(undefined)).toBe('Name\ta\\tb\n');
  });

  it('has its own words where it has some and nothing else is asked for', async () => {
    expect(await one(undefined, true, 'Made a b.\n')).toBe('Made a b.\n');
    expect(await one('json', true, 'Made a b.\n')).toBe('{"name":"a\\tb"}\n');
    expect(await one('table', false, 'Made a b.\n')).toContain('│ Name');
  });

  it('as yaml, name and wide says what they say of lists', async () => {
    expect(await one('yaml')).toBe('name: "a\\tb"\n');
    expect(await one('name')).toBe('a\\tb\n');
    expect(await one('table')).not.toContain('Secret');
    expect(await one('wide')).toContain('Secret');
  });
});
