import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ByteStream, closeStreams } from '../../../../src/lib/cli/call/byte-stream.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('a stream of bytes', () => {
  it('a stream of a file can be read again, as by a call that is repeated', async () => {
    const path = join(temporaryFolder(), 'a');
    writeFileSync(path, 'content');
    const stream = await ByteStream.open(path);
    await stream[Symbol.asyncIterator]().return?.();
    expect(await text(stream)).toBe('content');
    expect(await text(stream)).toBe('content');
  });

  it('a stream of an input loses nothing if it ends before its first piece', async () => {
    const input = new PassThrough();
    const stream = ByteStream.of(input);
    await stream[Symbol.asyncIterator]().return?.();
    input.end('content');
    expect(await text(stream)).toBe('content');
  });

  it('a stream that ends early does not wait for the next piece', async () => {
    const input = new PassThrough();
    const pieces = ByteStream.of(input)[Symbol.asyncIterator]();
    input.write('first');
    expect(String((await pieces.next()).value)).toBe('first');
    const second = pieces.next();
    expect(await pieces.return?.()).toMatchObject({ done: true });
    await expect(second).rejects.toThrow('Premature close');
    expect(input.destroyed).toBe(true);
  });

  it('a stream of a folder or of a missing file cannot be opened', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'b'));
    await expect(ByteStream.open(join(folder, 'b'))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(ByteStream.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('closeStreams closes the files that were not read, at any depth', async () => {
    const path = join(temporaryFolder(), 'a');
    writeFileSync(path, 'content');
    const streams = [await ByteStream.open(path), await ByteStream.open(path)];
    await closeStreams([1, streams[0], { a: [streams[1], new Uint8Array(3)] }, null]);
    for (const stream of streams) expect(await text(stream)).toBe('content');
  });
});
