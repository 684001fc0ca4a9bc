import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CALLED_KITES } from '../../../src/lib/cli/runtime/command-limits.js';
import { Kite } from '../../../src/lib/index.js';
import { kitePath } from '../../../src/lib/protocol/identity.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { freePort } from '../../helpers/process/free-port.js';

let network: Network;

beforeAll(async () => {
  network = await Network.create();
});

afterAll(() => network.close());

interface Fleet {
  readonly kites: readonly Kite[];
  readonly paths: readonly string[];
  /** The query that finds them. */
  readonly query: string;
  /** The calls of `wait` that run. */
  readonly waiting: Set<() => void>;
}

let fleets = 0;

function newKite(name: string, port = 0): Kite {
  const kite = new Kite(name, '1.0.0', {
    ip: '127.0.0.1',
    port,
    kiteKey: network.jwt,
    environment: 'prod',
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  return kite;
}

/** Registered kites with the same name, which is another one for each test. The third one fails. */
async function fleet(count: number): Promise<Fleet> {
  const name = `fleet${fleets++}`;
  const waiting = new Set<() => void>();
  const kites = Array.from({ length: count }, () => newKite(name));
  await Promise.all(
    kites.map(async (kite, index) => {
      kite.handle('index', () => index);
      kite.handle('fail', () => {
        if (index === 2) throw new Error('no luck');
        return index;
      });
      kite.handle('echo', ({ args: [text] }) => text);
      kite.handle('lines', () => `one of ${index}\ntwo of ${index}\n`);
      kite.handle('tail', async function* () {
        yield { item: 1, index };
        yield { item: 2, index };
        return 'end';
      });
      kite.handle('wait', ({ signal }) => {
        if (index === 0) return index;
        return new Promise((resolve) => {
          const end = (): void => {
            waiting.delete(end);
            resolve(index);
          };
          waiting.add(end);
          signal.addEventListener('abort', end, { once: true });
        });
      });
      kite.handle('each', async ({ args: [call] }) => {
        (call as (index: number) => void)(index);
        return 'done';
      });
      kite.handle('log', async ({ client }) => {
        await client.tell('kite.log', `two\nlines of ${index}`);
        return index;
      });
      kite.handle('upload', async ({ args: [name, chunks] }) => {
        let size = 0;
        for await (const chunk of chunks as AsyncIterable<Uint8Array>) size += chunk.length;
        return { name, size };
      });
      await kite.listen();
      await kite.register();
    }),
  );
  const paths = kites.map(({ identity }) => kitePath(identity));
  return { kites, paths, query: `/bob/prod/${name}`, waiting };
}

const run = (words: string, options: { readonly input?: string } = {}) =>
  network.cli.run(words.split(' '), options);

function start(words: string): Running {
  const running = network.cli.start(words.split(' '));
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.outcome;
  });
  return running;
}

const sortedLines = (text: string): string[] => text.trimEnd().split('\n').toSorted();

/** Registers a kite that nobody can reach, with the name of others. */
async function registerByHand(name: string, url: string): Promise<string> {
  const kite = newKite(name);
  await kite.register({ url });
  return kitePath(kite.identity);
}

describe('call --all', () => {
  it('call --all prints a line with the path of each kite, and exits with 0 if all have answered', async () => {
    const { paths, query } = await fleet(5);
    const { code, stdout, stderr } = await run(`call index --to ${query} --all`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(sortedLines(stdout)).toEqual(paths.map((path, index) => `${path}\t${index}`).toSorted());
  });

  it('call --all reports a kite that fails, prints the answers of the others, and exits with its code', async () => {
    const { paths, query } = await fleet(4);
    const gone = await registerByHand(query.split('/')[3] ?? '', `http://127.0.0.1:${await freePort()}/kite`);
    const { code, stdout, stderr } = await run(`call fail --to ${query} --all`);
    expect(sortedLines(stdout)).toEqual([0, 1, 3].map((index) => `${paths[index]}\t${index}`).toSorted());
    expect([1, 6]).toContain(code);
    expect(stderr).toContain(`error: calling "fail" at ${paths[2]} failed: no luck`);
    expect(stderr).toMatch(new RegExp(`^error: .*${gone}.*connection refused|^error: Cannot connect`, 'm'));
    expect(stderr).toContain('error: 2 of 5 kites failed; the first: ');
  });

  it('call --all --json prints an object per kite, also for one that fails', async () => {
    const { kites, query } = await fleet(3);
    const { code, stdout } = await run(`call fail --to ${query} --all --json`);
    const found = new Map(
      sortedLines(stdout).map((line) => {
        const { kite, url, ...rest } = JSON.parse(line) as { kite: unknown; url: string };
        return [url, { kite, rest }] as const;
      }),
    );
    expect(code).toBe(1);
    expect(kites.map(({ url }) => found.get(url ?? '')?.kite)).toEqual(kites.map(({ identity }) => identity));
    expect(kites.map(({ url }) => found.get(url ?? '')?.rest)).toEqual([
      { ok: 0 },
      { ok: 1 },
      { error: expect.objectContaining({ type: 'genericError', message: 'no luck' }) as unknown },
    ]);
  });

  it('call --all begins each item of a stream, line of raw text, callback and log with the path', async () => {
    const { paths, query } = await fleet(2);
    const linesOf = (make: (path: string, index: number) => readonly string[]): string[] =>
      paths.flatMap(make).toSorted();
    expect(sortedLines((await run(`call tail --to ${query} --all`)).stdout)).toEqual(
      linesOf((path, index) => [1, 2].map((item) => `${path}\t{"item":${item},"index":${index}}`)),
    );
    expect(sortedLines((await run(`call lines --to ${query} --all --raw`)).stdout)).toEqual(
      linesOf((path, index) => ['one', 'two'].map((word) => `${path}\t${word} of ${index}`)),
    );
    expect(sortedLines((await run(`call each --to ${query} --all --callback`)).stdout)).toEqual(
      linesOf((path, index) => [`${path}\t[${index}]`, `${path}\t"done"`]),
    );
    expect(sortedLines((await run(`call log --to ${query} --all`)).stderr)).toEqual(
      linesOf((path, index) => [`${path}: two\\nlines of ${index}`]),
    );
    expect((await run(`call tail --to ${query} --all --json`)).stdout.match(/"ok":"end"/g)).toHaveLength(2);
  });

  it('call --all --replies cancels the other calls when enough kites have answered', async () => {
    const { paths, query, waiting } = await fleet(3);
    const { code, stdout } = await run(`call wait --to ${query} --all --replies 1 --timeout 60s`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${paths[0]}\t0\n` });
    await vi.waitFor(() => expect(waiting.size).toBe(0), { timeout: 30_000, interval: 10 });
  });

  it('call --all --replies calls none of the kites if there are not enough of them', async () => {
    const { query } = await fleet(2);
    const { code, stdout, stderr } = await run(`call index --to ${query} --all --replies 3`);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain(`2 kites are registered for ${query}, fewer than --replies 3.`);
    expect(stderr).toContain(`kitectl wait ${query} --for count=3`);
  });

  it('call --all gives each kite the time of --timeout, and exits with 124 after the answers of the others', async () => {
    const { paths, query } = await fleet(2);
    const { code, stdout, stderr } = await run(`call wait --to ${query} --all --timeout 300ms`);
    expect({ code, stdout }).toEqual({ code: 124, stdout: `${paths[0]}\t0\n` });
    expect(stderr).toContain('error: 1 of 2 kites failed');
  });

  it('call --all sends a file as a stream to each kite, and refuses a stream that can be read once', async () => {
    const { paths, query } = await fleet(3);
    await writeFile(join(network.cli.home, 'data.bin'), Buffer.alloc(300_000));
    const sent = await run(`call upload data @stream:data.bin --to ${query} --all`);
    expect(sortedLines(sent.stdout)).toEqual(
      paths.map((path) => `${path}\t{"name":"data","size":300000}`).toSorted(),
    );
    const refused = await run(`call upload data @stream:- --to ${query} --all`, { input: 'text' });
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Standard input and named pipes can be read only once');
    const echoed = await run(`call echo @text:- --to ${query} --all --raw`, { input: 'text' });
    expect(sortedLines(echoed.stdout)).toEqual(paths.map((path) => `${path}\ttext`).toSorted());
  });

  it('call --all calls two registrations at the same URL once', async () => {
    const { kites, query } = await fleet(1);
    const again = await registerByHand(query.split('/')[3] ?? '', kites[0]?.url ?? '');
    const { code, stdout } = await run(`call index --to ${query} --all`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${again}\t0\n` });
  });

  it('call --all needs a query, and exits with 5 if no kite matches it', async () => {
    const byUrl = await run('call index --to http://127.0.0.1:1/kite --all');
    expect(byUrl.code).toBe(2);
    expect(byUrl.stderr).toContain('--all calls the kites of a query, and the target is the URL');
    expect((await run('call index --to /bob/prod/nobody --all')).code).toBe(5);
  });

  it('call --all ends with the signal, and cancels the calls that run', async () => {
    const { paths, query, waiting } = await fleet(3);
    const running = start(`call wait --to ${query} --all --timeout 0`);
    await running.until(({ stdout }) => stdout.includes('\n'));
    await vi.waitFor(() => expect(waiting.size).toBe(2), { timeout: 30_000, interval: 10 });
    running.child.kill('SIGINT');
    const { code, stdout } = await running.outcome;
    expect({ code, stdout }).toEqual({ code: 130, stdout: `${paths[0]}\t0\n` });
    await vi.waitFor(() => expect(waiting.size).toBe(0), { timeout: 30_000, interval: 10 });
  });

  it('call --all calls as many kites at a time as the limit allows, and the others after them', async () => {
    // The first one answers at once.
    const { query, waiting } = await fleet(CALLED_KITES + 5);
    const running = start(`call wait --to ${query} --all --timeout 0`);
    const waits = (count: number) =>
      vi.waitFor(() => expect(waiting.size).toBe(count), { timeout: 60_000, interval: 10 });
    await waits(CALLED_KITES);
    for (const end of waiting) end();
    await waits(4);
    for (const end of waiting) end();
    const { code, stdout } = await running.outcome;
    expect({ code, lines: sortedLines(stdout).length }).toEqual({ code: 0, lines: CALLED_KITES + 5 });
  });
});

describe('ping --all', () => {
  it('ping --all prints a line for each kite, and reports those that do not answer', async () => {
    const { paths, query } = await fleet(2);
    const all = await run(`ping --to ${query} --all`);
    expect(all.code).toBe(0);
    expect(sortedLines(all.stdout).map((line) => line.replace(/[\d.]+ ms$/, ''))).toEqual(
      paths.map((path) => `pong from ${path} in `).toSorted(),
    );
    const url = `http://127.0.0.1:${await freePort()}/kite`;
    await registerByHand(query.split('/')[3] ?? '', url);
    const some = await run(`ping --to ${query} --all --json`);
    const printed = sortedLines(some.stdout).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(some.code).toBe(6);
    expect(printed.filter(({ milliseconds }) => milliseconds !== undefined)).toHaveLength(2);
    expect(printed.filter(({ error }) => error !== undefined).map((each) => each['url'])).toEqual([url]);
  });
});

describe('call --retry', () => {
  it('call --retry tries again until a kite that restarts can be reached, and looks its query up again', async () => {
    const name = `late${fleets++}`;
    const running = start(`call index --to /bob/prod/${name} --retry 100`);
    const late = newKite(name);
    late.handle('index', () => 'late');
    await late.listen();
    await new Promise((resolve) => setImmediate(resolve));
    await late.register();
    const { code, stdout, stderr } = await running.outcome;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '"late"\n', stderr: '' });
  });

  it('call --retry makes a call that may have run again only with --idempotent', async () => {
    const port = await freePort();
    let calls = 0;
    const kite = newKite('flaky', port);
    kite.handle('once', ({ client }) => {
      calls++;
      if (calls % 2 === 1) client.close();
      return calls;
    });
    await kite.listen();
    await kite.register();
    const lost = await run('call once --to /bob/prod/flaky --retry 3');
    expect({ code: lost.code, calls }).toEqual({ code: 6, calls: 1 });
    calls = 0;
    const again = await run('call once --to /bob/prod/flaky --retry 3 --idempotent');
    expect({ code: again.code, stdout: again.stdout, calls }).toEqual({ code: 0, stdout: '2\n', calls: 2 });
  });
});

describe('call --to QUERY', () => {
  it('call reports what it has tried if no kite of a query can be called', async () => {
    const name = `gone${fleets++}`;
    const urls = await Promise.all([freePort(), freePort()]);
    for (const port of urls) await registerByHand(name, `http://127.0.0.1:${port}/kite`);
    const { code, stderr } = await run(`call index --to /bob/prod/${name}`);
    expect(code).toBe(6);
    expect(stderr).toContain('error: None of 2 kites could be called: ');
    for (const port of urls) expect(stderr).toContain(`http://127.0.0.1:${port}/kite: Cannot connect to`);
  });

  it('call makes a call that may have run at the next kite only with --idempotent', async () => {
    const name = `pair${fleets++}`;
    let calls = 0;
    for (let i = 0; i < 2; i++) {
      const kite = newKite(name);
      kite.handle('once', ({ client }) => {
        calls++;
        if (calls === 1) client.close();
        return calls;
      });
      await kite.listen();
      await kite.register();
    }
    const lost = await run(`call once --to /bob/prod/${name}`);
    expect({ code: lost.code, calls }).toEqual({ code: 6, calls: 1 });
    calls = 0;
    const { code, stdout } = await run(`call once --to /bob/prod/${name} --idempotent`);
    expect({ code, stdout, calls }).toEqual({ code: 0, stdout: '2\n', calls: 2 });
  });
});
