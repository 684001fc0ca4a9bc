import { describe, expect, it } from 'vitest';
import { printDetails } from '../../../../src/lib/cli/terminal/details.js';
import { openFeed } from '../../../../src/lib/cli/terminal/feed.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { type Listing, printList } from '../../../../src/lib/cli/terminal/listing.js';
import { Sink, surroundingsOf } from '../../../helpers/cli/test-runtime.js';

interface Fruit {
  readonly name: string;
  readonly weight: number;
}

const fruits: Listing<Fruit> = {
  columns: [
    { heading: 'name', text: ({ name }) => name },
    { heading: 'weight', text: ({ weight }) => String(weight), wide: true },
  ],
  data: ({ name, weight }) => ({ name, weight }),
  name: ({ name }) => name,
};

const rows: Fruit[] = [
  { name: 'apple', weight: 4 },
  { name: 'fig\t\u001b[2J\u202e', weight: 1 },
];

/** What is printed on a terminal or in a pipe. */
async function printed(print: (world: ReturnType<typeof surroundingsOf>) => Promise<unknown>, isTTY = false) {
  const stdout = new Sink({ isTTY, columns: 60 });
  await print(surroundingsOf({ stdout, color: 'never' }));
  return stdout.text;
}

const list = (format: OutputFormat | undefined, isTTY = false) =>
  printed((world) => printList(rows, fruits, format, world), isTTY);

describe('a list', () => {
  it.each<[OutputFormat, string]>([
    ['json', '[{"name":"apple","weight":4},{"name":"fig\\t\\u001b[2J\\u202e","weight":1}]\n'],
    ['ndjson', '{"name":"apple","weight":4}\n{"name":"fig\\t\\u001b[2J\\u202e","weight":1}\n'],
    ['yaml', '- name: apple\n  weight: 4\n- name: "fig\\t\\e[2J\\u202e"\n  weight: 1\n'],
    ['name', 'apple\nfig\\t\\u001b[2J\\u202e\n'],
  ])('as %s is the same on a terminal and in a pipe', async (format, expected) => {
    expect(await list(format)).toBe(expected);
    expect(await list(format, true)).toBe(expected);
  });

  it('without a format is a table on a terminal and lines in a pipe', async () => {
    expect(await list(undefined)).toBe('apple\nfig\\t\\u001b[2J\\u202e\n');
    expect(await list(undefined, true)).toContain('│ apple');
  });

  it('is a table in a pipe too where that is asked for, and has all columns only when wide', async () => {
    expect(await list('table')).toContain('│ apple');
    expect(await list('table')).not.toContain('weight');
    expect(await list('wide')).toContain('│ weight │');
    expect(await list('wide')).toContain('\\x1b[2J\\u202e');
  });

  it('of nothing prints nothing for people in a pipe, and an empty list for programs', async () => {
    const none = (format: OutputFormat | undefined) =>
      printed((world) => printList([], fruits, format, world));
    expect(await none(undefined)).toBe('');
    expect(await none('name')).toBe('');
    expect(await none('ndjson')).toBe('');
    expect(await none('json')).toBe('[]\n');
    expect(await none('yaml')).toBe('[]\n');
  });

  it('is as wide as the terminal at most, and as its values when wide', async () => {
    const long = [{ name: 'x'.repeat(200), weight: 1 }];
    const widest = async (format: OutputFormat) => {
      const text = await printed((world) => printList(long, fruits, format, world), true);
      return Math.max(...text.split('\n').map((line) => line.length));
    };
    expect(await widest('table')).toBeLessThanOrEqual(60);
    expect(await widest('wide')).toBeGreaterThan(200);
  });
});

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

describe('things as they come', () => {
  const feed = (format: OutputFormat | undefined, isTTY = false) =>
    printed(async (world) => {
      const print = await openFeed(fruits, format, world);
      for (const row of rows) await print(row);
    }, isTTY);

  it('are a document each', async () => {
    expect(await feed('yaml')).toBe('name: apple\nweight: 4\n---\nname: "fig\\t\\e[2J\\u202e"\nweight: 1\n');
    expect(await feed('json')).toBe(await feed('ndjson'));
    expect(await feed('ndjson')).toBe(await list('ndjson'));
    expect(await feed('name')).toBe(await list('name'));
  });

  it('are lines in a pipe and columns with headings on a terminal', async () => {
    expect(await feed(undefined)).toBe('apple\nfig\\t\\u001b[2J\\u202e\n');
    expect(await feed('wide', true)).toBe('name   weight\napple  4\nfig\\t\\x1b[2J\\u202e  1\n');
  });
});
