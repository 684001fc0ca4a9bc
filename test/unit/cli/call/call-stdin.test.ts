import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { callForEachLine, type StdinMode } from '../../../../src/lib/cli/call/call-stdin.js';
import { RemoteStream } from '../../../../src/lib/kite/streams/remote-stream.js';
import { KiteError } from '../../../../src/lib/protocol/errors.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

type Call = { args: unknown[]; resolve(result: unknown): void; reject(error: unknown): void };

/** A client whose calls the test answers. */
class FakeClient {
  readonly calls: Call[] = [];
  #listeners = new Set<(code: number, reason: string) => void>();
  #waiting: (() => void) | undefined;

  call(_method: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.calls.push({ args, resolve, reject });
      this.#waiting?.();
    });
  }

  callStream(method: string, args: unknown[]): RemoteStream<unknown, unknown> {
    return new RemoteStream(() => this.call(method, args), undefined);
  }

  on(_event: 'disconnect', listener: (code: number, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  disconnect(): void {
    for (const listener of this.#listeners) listener(1006, '');
  }

  async answered(count: number): Promise<void> {
    while (this.calls.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

const mode: StdinMode = { parallel: 1, ordered: true, keepGoing: false, envelope: false };

function start(
  input: Readable,
  client: FakeClient,
  parallel: number,
  stdout: Writable = new Sink(),
  more: Partial<StdinMode> & { stderr?: Sink } = {},
) {
  const done = callForEachLine(
    {
      client,
      method: 'm',
      ...mode,
      ...more,
      parallel,
      format: (result) => `${JSON.stringify(result)}\n`,
      operation: { description: 'calling "m" at http://h/kite' },
    },
    testRuntime({ stdin: input, stdout, ...(more.stderr && { stderr: more.stderr }) }),
  );
  // The caller handles the rejection; until then it is not unhandled.
  done.catch(() => {});
  return done;
}

/** Runs everything that is ready. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('callForEachLine', () => {
  it('callForEachLine prints results in the order of the lines, whichever returns first', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const done = start(Readable.from(['1\n2\n', '3\n']), client, 3, stdout);
    await client.answered(3);
    client.calls[2]?.resolve('c');
    client.calls[0]?.resolve('a');
    await turn();
    expect(stdout.text).toBe('"a"\n');
    client.calls[1]?.resolve('b');
    await done;
    expect(stdout.text).toBe('"a"\n"b"\n"c"\n');
  });

  it('callForEachLine limits the concurrent calls', async () => {
    const client = new FakeClient();
    const done = start(Readable.from(['1\n2\n3\n']), client, 2);
    await client.answered(2);
    await turn();
    expect(client.calls).toHaveLength(2);
    client.calls[0]?.resolve(null);
    await client.answered(3);
    for (const call of client.calls) call.resolve(null);
    await done;
  });

  it('callForEachLine prints a result at once, also before the next line has arrived', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const input = new PassThrough();
    const done = start(input, client, 8, stdout);
    input.write('1\n');
    await client.answered(1);
    client.calls[0]?.resolve('a');
    await turn();
    expect(stdout.text).toBe('"a"\n');
    input.end();
    await done;
  });

  it('callForEachLine joins lines across chunks, within characters too, and skips empty ones', async () => {
    const client = new FakeClient();
    const bytes = Buffer.from('\ufeff"ä€"\r\n\n  \n[1,2]');
    const done = start(
      Readable.from(
        [...bytes].map((byte) => Buffer.from([byte])),
        { objectMode: true },
      ),
      client,
      8,
    );
    await client.answered(2);
    expect(client.calls.map(({ args }) => args)).toEqual([['ä€'], [1, 2]]);
    for (const call of client.calls) call.resolve(null);
    await done;
  });

  it('callForEachLine stops at the first failing line, after the results before it, and reports its number', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const input = new PassThrough();
    const done = start(input, client, 3, stdout);
    input.write('\n1\n2\n3\n');
    await client.answered(3);
    client.calls[1]?.reject(new KiteError('genericError', 'no', { id: '0123456789abcdef' }));
    client.calls[2]?.resolve('c');
    client.calls[0]?.resolve('a');
    await expect(done).rejects.toMatchObject({
      exitCode: 1,
      message: 'no',
      requestId: '0123456789abcdef',
      operation: 'calling "m" at http://h/kite (line 3 of standard input)',
    });
    expect(stdout.text).toBe('"a"\n');
    expect(input.destroyed).toBe(true);
  });

  it('callForEachLine stops at a line that is not JSON, after the results before it', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const done = start(Readable.from(['1\noops\n3\n']), client, 8, stdout);
    await client.answered(1);
    client.calls[0]?.resolve('a');
    await expect(done).rejects.toThrow('Line 2 of standard input is not valid JSON');
    expect(stdout.text).toBe('"a"\n');
  });

  it('callForEachLine rejects input that is not UTF-8', async () => {
    const done = start(Readable.from([Buffer.from([0x22, 0xff, 0x22])]), new FakeClient(), 1);
    await expect(done).rejects.toThrow('not valid UTF-8');
  });

  it('callForEachLine ends when the connection drops while it waits for a line', async () => {
    const client = new FakeClient();
    const input = new PassThrough();
    const done = start(input, client, 1);
    await turn();
    client.disconnect();
    await expect(done).rejects.toMatchObject({ exitCode: 6, type: 'disconnect' });
    expect(input.destroyed).toBe(true);
  });

  it('callForEachLine stops reading while stdout is not read', async () => {
    const client = new FakeClient();
    const stdout = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => release.push(done) });
    const release: (() => void)[] = [];
    const done = start(Readable.from(['1\n2\n3\n']), client, 1, stdout);
    await client.answered(1);
    client.calls[0]?.resolve('a');
    await turn();
    expect(client.calls).toHaveLength(1);
    release.shift()?.();
    await client.answered(2);
    client.calls[1]?.resolve('b');
    await turn();
    release.shift()?.();
    await client.answered(3);
    client.calls[2]?.resolve('c');
    await turn();
    release.shift()?.();
    await done;
  });

  it('callForEachLine ends with the reason of an interruption', async () => {
    const stop = new AbortController();
    const input = new PassThrough();
    const done = callForEachLine(
      {
        ...mode,
        client: new FakeClient(),
        method: 'm',
        format: String,
        operation: { description: 'calling' },
      },
      testRuntime({ stdin: input, signal: stop.signal }),
    );
    stop.abort(new CliError('Interrupted by SIGINT.', { exitCode: 130, type: 'interrupted' }));
    await expect(done).rejects.toThrow('Interrupted by SIGINT.');
  });

  it('callForEachLine without order prints each result as soon as it returns', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const done = start(Readable.from(['1\n2\n3\n']), client, 2, stdout, { ordered: false });
    await client.answered(2);
    client.calls[1]?.resolve('b');
    await client.answered(3);
    expect(stdout.text).toBe('"b"\n');
    client.calls[2]?.resolve('c');
    client.calls[0]?.resolve('a');
    await done;
    expect(stdout.text).toBe('"b"\n"c"\n"a"\n');
  });

  it('callForEachLine with --keep-going reports each failure, and ends with the exit code of the first', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const stderr = new Sink();
    const done = start(Readable.from(['1\noops\n3\n4\n']), client, 1, stdout, { keepGoing: true, stderr });
    await client.answered(1);
    client.calls[0]?.resolve('a');
    await client.answered(2);
    client.calls[1]?.reject(new KiteError('tooBad', 'no', { id: '0123456789abcdef' }));
    await client.answered(3);
    client.calls[2]?.resolve('d');
    await expect(done).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('2 of 4') as string,
    });
    expect(stdout.text).toBe('"a"\n"d"\n');
    expect(stderr.text.match(/^error: /gm)).toHaveLength(2);
    expect(stderr.text).toContain('(line 3 of standard input) failed: no');
  });

  it('callForEachLine with --keep-going stops at a dropped connection', async () => {
    const client = new FakeClient();
    const done = start(Readable.from(['1\n2\n']), client, 1, new Sink(), { keepGoing: true });
    await client.answered(1);
    client.calls[0]?.reject(new KiteError('disconnect', 'gone'));
    await expect(done).rejects.toMatchObject({ exitCode: 6 });
    expect(client.calls).toHaveLength(1);
  });

  it('callForEachLine prints each result as an envelope, including that of the last failure', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const done = start(Readable.from(['1\n\n2\n3\n']), client, 3, stdout, { envelope: true });
    await client.answered(3);
    client.calls[1]?.reject(new KiteError('tooBad', 'no', { id: '0123456789abcdef', code: 'E1' }));
    client.calls[0]?.resolve(undefined);
    await expect(done).rejects.toMatchObject({ exitCode: 1 });
    const error = { type: 'tooBad', code: 'E1', message: 'no', requestId: '0123456789abcdef', hint: '' };
    expect(stdout.text).toBe(`{"ok":null}\n${JSON.stringify({ error, line: 3 })}\n`);
  });

  it('callForEachLine without order adds the line number of each result to its envelope', async () => {
    const client = new FakeClient();
    const stdout = new Sink();
    const done = start(Readable.from(['1\n2\n']), client, 2, stdout, { envelope: true, ordered: false });
    await client.answered(2);
    client.calls[1]?.resolve('b');
    client.calls[0]?.resolve('a');
    await done;
    expect(stdout.text).toBe('{"ok":"b","line":2}\n{"ok":"a","line":1}\n');
  });
});
