import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  objectSource,
  parseArgumentSource,
  readArguments,
} from '../../../../src/lib/cli/call/argument-sources.js';
import { ByteStream } from '../../../../src/lib/cli/call/byte-stream.js';
import { stringifyLiterals } from '../../../../src/lib/util/literal-json.js';
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
      hint: expect.stringMatching(/^To send it as a string, use @@.*none$/) as string,
    });
    await expect(read([`@${folder}`])).rejects.toMatchObject({ exitCode: 3 });
  });

  it.each(['@none/a', '@json:none/a', '@text:none/a'])(
    'readArguments names %s as it was written if the file cannot be read',
    async (word) => {
      await expect(read([word])).rejects.toMatchObject({
        message: `Cannot read ${word}: no such file or folder`,
        hint: `To send it as a string, use @${word}`,
      });
      expect(await read([`@${word}`])).toEqual([word]);
    },
  );

  it.each([
    ['-', '-'],
    ['@-', '@text:-'],
  ])('readArguments rejects %s and %s together, because both are the standard input', async (one, other) => {
    await expect(read([one, other])).rejects.toMatchObject({ exitCode: 2 });
  });

  it('readArguments reads @json: as JSON, and @text: as a string with all of its characters', async () => {
    const file = join(temporaryFolder(), 'a');
    await writeFile(file, '\uFEFF{a:1}\n');
    expect(await read([`@text:${file}`])).toEqual(['\uFEFF{a:1}\n']);
    const failure = { exitCode: 2, hint: `To send it as a string, use @text:${file}` };
    for (const word of [`@${file}`, `@json:${file}`]) {
      await expect(read([word])).rejects.toMatchObject({
        ...failure,
        message: `${file} is not valid JSON: expected a property name in double quotes or "}" at character 2, but found "a".`,
      });
    }
    expect(await read(['@text:-'], ['4\n'])).toEqual(['4\n']);
    expect(await read(['@json:-'], ['4\n'])).toEqual([4]);
    expect(await read(['@-'], ['text\n'])).toEqual(['text']);
    await expect(read(['@json:-'], ['text\n'])).rejects.toThrow('Standard input is not valid JSON');
  });

  it('readArguments sends a word after @@ as a string that begins with @', async () => {
    expect(await read(['@@file', '@@', '@@@x', '@'])).toEqual(['@file', '@', '@@x', '@']);
    expect(
      JSON.stringify(await readArguments([parseArgumentSource('@@callback', true)], Readable.from([]))),
    ).toBe('["@callback"]');
  });

  it.each(['@json:', '@text:'])('readArguments rejects %s without a path', (word) => {
    expect(() => parseArgumentSource(word, false)).toThrow(`${word} has no path.`);
  });

  it('readArguments builds an object from fields', async () => {
    const source = objectSource(
      ['name=4', 'at=@x'],
      ['count=4', 'id=9007199254740993', 'body=-', 'tags[]=a'],
      false,
    );
    const [object] = await readArguments(source ? [source] : [], Readable.from(['[1.0]']));
    expect(stringifyLiterals(object)).toBe(
      '{"name":"4","at":"@x","count":4,"id":9007199254740993,"body":[1.0],"tags":["a"]}',
    );
    expect(objectSource([], [], false)).toBeUndefined();
  });

  it.each([
    [
      'arguments',
      (file: string) => [file, '@none'].map((word) => parseArgumentSource(`@stream:${word}`, false)),
    ],
    [
      'the fields of an object',
      (file: string) => {
        const source = objectSource([], [`a=@stream:${file}`, 'b=@stream:@none'], false);
        return source ? [source] : [];
      },
    ],
  ])('readArguments closes the streams among %s if another one cannot be read', async (_place, sources) => {
    const file = join(temporaryFolder(), 'content');
    await writeFile(file, 'content');
    const close = vi.spyOn(ByteStream.prototype, 'close');
    onTestFinished(() => close.mockRestore());
    await expect(readArguments(sources(file), Readable.from([]))).rejects.toMatchObject({ exitCode: 3 });
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('objectSource names the field of a value that is not valid JSON', () => {
    expect(() => objectSource([], ['user[a]={x'], false)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^The value of the field user\[a\] is not valid JSON: /) as string,
        hint: expect.stringMatching(
          /^Put JSON in single quotes.* To send a field as a string, use --raw-field\.$/,
        ) as string,
      }),
    );
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
