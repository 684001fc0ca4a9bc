import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { Cli } from '../../helpers/cli/cli-harness.js';
import type { TestKite } from '../../helpers/cli/cli-kite.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let cli: Cli;
let math: TestKite;
let to: string[];

beforeAll(async () => {
  network = await Network.create();
  ({ cli } = network);
  math = await network.register();
  to = ['--to', math.url];
});

afterAll(() => network.close());

const PATH = /^\/bob\/prod\/math\/1\.0\.0\/[^/]+\/[^/]+\/[0-9a-f-]{36}$/;

describe('-o', () => {
  it('query -o prints each format the same on a terminal and in a pipe', async () => {
    const query = async (...flags: string[]) => {
      const piped = await cli.run(['query', '/bob', ...flags]);
      expect(piped).toMatchObject({ code: 0, stderr: '' });
      if (flags.length > 0 && !flags.includes('table')) {
        expect((await cli.terminal(['query', '/bob', '--no-color', ...flags], 200)).stdout).toBe(
          piped.stdout,
        );
      }
      return piped.stdout;
    };
    const one = {
      kite: expect.objectContaining({ name: 'math' }) as object,
      url: math.url,
      registeredAt: expect.any(Number) as number,
    };
    expect(JSON.parse(await query('-o', 'json'))).toEqual([one]);
    expect(await query('--json')).toBe(await query('-ojson'));
    expect(JSON.parse(await query('-o=ndjson'))).toEqual(one);
    expect(parse(await query('--output', 'yaml'))).toEqual([one]);
    expect((await query('-o', 'name')).trimEnd()).toMatch(PATH);
    const [number, path, url] = (await query()).trimEnd().split('\t');
    expect([number, url]).toEqual(['1', math.url]);
    expect(path).toMatch(PATH);
    const table = await query('-o', 'table');
    expect(table).toContain('│ bob');
    expect(table).not.toContain('│ id');
    expect(await query('-o', 'wide')).toContain('│ id');
  });

  it('-o name prints identifiers that other commands accept as arguments', async () => {
    const line =
      'kitectl query /bob -o name | while read -r name; do kitectl ping --to "$name" -o name; done';
    expect(await cli.shell(line)).toEqual({ code: 0, stdout: `${math.url}\n`, stderr: '' });
    const xargs = 'kitectl query /bob -o name | xargs -n1 -I{} "$NODE" "$BIN" ping --to {}';
    expect((await cli.shell(xargs)).stdout).toMatch(/^pong from /);
  });

  it.each<[string, string[]]>([
    ['showkey', ['showkey']],
    ['token', ['token', '/bob/prod/math']],
    ['ping', ['ping', '--count', '1', '--to', '/bob/prod/math']],
    ['call', ['call', 'square', '4', '--to', '/bob/prod/math']],
    ['keygen', ['keygen', '--force', '--out', 'pair']],
  ])('-o is a flag of %s', async (_title, args) => {
    const outcome = async (format: string) => {
      const { code, stdout, stderr } = await cli.run([...args, '-o', format]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    const shape = (value: unknown): unknown =>
      typeof value === 'object' && value !== null ? Object.keys(value) : typeof value;
    expect(shape(parse(await outcome('yaml')))).toEqual(shape(JSON.parse(await outcome('json'))));
    expect((await outcome('ndjson')).trimEnd()).not.toContain('\n');
    expect((await outcome('name')).trimEnd()).toMatch(/^\S+$/);
    for (const format of ['table', 'wide']) expect(await outcome(format)).not.toBe('');
    expect((await cli.run([...args, '-o', 'xml'])).code).toBe(2);
    const both = await cli.run([...args, '--json', '-o', 'yaml']);
    expect(both.code).toBe(2);
    expect(both.stderr).toContain('--json and -o yaml cannot be used together');
  });

  it('-o json formats errors as JSON', async () => {
    const { code, stderr } = await cli.run(['-o', 'ndjson', 'call', 'fail', ...to]);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { type: 'tooBad' } });
  });

  it('watch -o prints one document per change', async () => {
    const watching = cli.start(['query', '/bob/prod/late', '--watch', '-o', 'yaml']);
    const started = cli.start(['watch', '/bob/prod/late', '-o', 'name']);
    // `watch` may miss a kite that registered before it, so a kite registers until it is printed.
    const kites: TestKite[] = [];
    onTestFinished(async () => {
      for (const { kite } of kites) await kite.close();
    });
    await expect
      .poll(
        async () => {
          kites.push(await network.register({}, 'late'));
          return started.stdout !== '' && watching.stdout !== '';
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBe(true);
    const [first] = watching.stdout.split('---\n');
    expect(parse(first ?? '')).toMatchObject({ action: 'REGISTER', kite: { name: 'late' } });
    expect(started.stdout).toMatch(/^\/bob\/prod\/late\//);
    watching.child.kill('SIGINT');
    started.child.kill('SIGINT');
    expect([(await watching.outcome).code, (await started.outcome).code]).toEqual([130, 130]);
  });
});

describe('colors', () => {
  it('colors are printed if they are requested', async () => {
    const red = '\u001b[31m';
    expect((await cli.run(['call', 'fail', '--color', 'always', ...to])).stderr).toContain(red);
    expect((await cli.run(['--color=always', 'call', 'fail', ...to])).stderr).toContain(red);
    expect((await cli.run(['call', 'fail', ...to], { env: { FORCE_COLOR: '1' } })).stderr).toContain(red);
    expect((await cli.terminal(['call', 'fail', '--color', 'never', ...to], 80)).stdout).not.toContain(red);
    expect((await cli.run(['call', 'fail', '--color', 'pink', ...to])).code).toBe(2);
  });
});

describe('arguments of call', () => {
  it('call reads arguments from the standard input and from files', async () => {
    await writeFile(join(cli.home, 'args.json'), '{"a":1}\n');
    const { code, stdout } = await cli.run(['call', 'echo', '@args.json', '-', '"@x"', ...to], {
      input: 'text\n',
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '[{"a":1},"text","@x"]\n' });
    expect(await cli.run(['call', 'echo', '@none', ...to])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('call --stdin', () => {
  it('call --stdin prints envelopes and continues after lines that fail', async () => {
    const { code, stdout, stderr } = await cli.run(
      ['call', 'square', '--stdin', '--keep-going', '--envelope', '--parallel', '4', ...to],
      { input: '1\n"x"\nno json\n3\n' },
    );
    expect(code).toBe(1);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { ok: 1 },
      { error: { type: 'argumentError' }, line: 2 },
      { error: { type: 'usage' }, line: 3 },
      { ok: 9 },
    ]);
    expect(stderr).toMatch(/^error: 2 of 4 lines failed; the first: /);
  });

  it('call --stdin prints results as they arrive if order does not matter', async () => {
    const slow = cli.start(['call', 'wait', '--stdin', '--unordered', '--parallel', '2', ...to]);
    slow.child.stdin?.write('1\n2\n');
    await expect.poll(() => math.waiting.length).toBe(2);
    math.waiting[1]?.('second');
    await slow.until(({ stdout }) => stdout === '"second"\n');
    math.waiting[0]?.('first');
    slow.child.stdin?.end();
    expect(await slow.outcome).toEqual({ code: 0, stdout: '"second"\n"first"\n', stderr: '' });
  });

  it('call --stdin rejects tables, because the number of rows is unknown', async () => {
    const { code, stderr } = await cli.run(['call', 'square', '--stdin', '-o', 'table', ...to]);
    expect(code).toBe(2);
    expect(stderr).toContain('ndjson');
  });
});

describe('on a terminal', () => {
  it('call -o table prints its result as a table on a terminal', async () => {
    const { code, stdout } = await cli.terminal(['call', 'people', '-o', 'table', ...to], 60);
    expect(code).toBe(0);
    expect(stdout).toContain('eve');
    expect(stdout).toContain('│');
  });
});
