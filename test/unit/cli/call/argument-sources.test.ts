import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseArgumentSource, readArguments } from '../../../../src/lib/cli/call/argument-sources.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const read = (texts: string[], input: (string | Buffer)[] = []) =>
  readArguments(
    texts.map((text) => parseArgumentSource(text, false)),
    Readable.from(input),
  );

describe('readArguments', () => {
  it('readArguments reads - from the standard input, as JSON or as a string without its last newline', async () => {
    expect(await read(['1', '-', 'x'], ['{"a":', '[1]}\n'])).toEqual([1, { a: [1] }, 'x']);
    expect(await read(['-'], ['two\nlines\n'])).toEqual(['two\nlines']);
    expect(await read(['-'])).toEqual(['']);
  });

  it('readArguments reads @file from the file', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'a.json'), '[1,2]\r\n');
    await writeFile(join(folder, 'bad'), Buffer.from([0xff]));
    await writeFile(join(folder, 'long'), Buffer.alloc(16 * 1024 * 1024 + 1));
    expect(await read([`@${join(folder, 'a.json')}`])).toEqual([[1, 2]]);
    await expect(read([`@${join(folder, 'bad')}`])).rejects.toThrow('is not valid UTF-8');
    await expect(read([`@${join(folder, 'long')}`])).rejects.toThrow('longer than');
    await expect(read([`@${join(folder, 'none')}`])).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('no such file') as string,
      hint: expect.stringContaining('quote it twice') as string,
    });
    await expect(read([`@${folder}`])).rejects.toMatchObject({ exitCode: 3 });
  });

  it('readArguments rejects a second -', async () => {
    await expect(read(['-', '-'])).rejects.toMatchObject({ exitCode: 2 });
  });

  it('readArguments does not read the standard input unless an argument is -', async () => {
    const stdin = new Readable({
      read() {
        throw new Error('read');
      },
    });
    expect(await readArguments([parseArgumentSource('4', false)], stdin)).toEqual([4]);
  });
});
