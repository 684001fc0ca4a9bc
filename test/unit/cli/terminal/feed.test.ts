import { describe, expect, it } from 'vitest';
import { openFeed } from '../../../../src/lib/cli/terminal/feed.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { fruits, printedList, printed, rows } from '../../../helpers/cli/fruits.js';

describe('a feed of items', () => {
  const feed = (format: OutputFormat | undefined, isTTY = false) =>
    printed(async (world) => {
      const print = await openFeed(fruits, format, world);
      for (const row of rows) await print(row);
    }, isTTY);

  it('items of a feed are one document each', async () => {
    expect(await feed('yaml')).toBe('name: apple\nweight: 4\n---\nname: "fig\\t\\e[2J\\u202e"\nweight: 1\n');
    expect(await feed('json')).toBe(await feed('ndjson'));
    expect(await feed('ndjson')).toBe(await printedList('ndjson'));
    expect(await feed('name')).toBe(await printedList('name'));
  });

  it('items of a feed are lines in a pipe, and columns with headings on a terminal', async () => {
    expect(await feed(undefined)).toBe('apple\nfig\\t\\u001b[2J\\u202e\n');
    expect(await feed('wide', true)).toBe('name   weight\napple  4\nfig\\t\\x1b[2J\\u202e  1\n');
  });
});
