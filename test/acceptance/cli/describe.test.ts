import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { Kite, KiteError } from '../../../src/lib/index.js';
import { SPOKEN_EXTENSIONS } from '../../../src/lib/protocol/extensions.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { becomeUser } from '../../helpers/cli/cli-user.js';

let cli: Cli;
let kite: Kite;
let to: string[];

beforeAll(async () => {
  cli = await Cli.create();
  kite = new Kite('math', '1.2.3', { port: 0, env: {}, kiteKey: await becomeUser(cli, 'bob') });
  kite.handle(
    'square',
    { description: 'The square of a number.', jsonSchema: { type: 'array', items: [{ type: 'number' }] } },
    ({ args: [n] }) => Number(n) ** 2,
  );
  kite
    .handle('open', { description: 'tab\tand \u001b[31mred' }, () => 1)
    .disableAuthentication()
    .throttle({ interval: 1500, capacity: 3 });
  kite
    .handle('fair', () => 1)
    .throttle({ interval: 10, capacity: 100 })
    .throttle({ interval: 1000, capacity: 5, per: 'caller' });
  await kite.listen();
  to = ['--to', kite.url ?? ''];
});

afterAll(async () => {
  await kite.close();
  await cli.remove();
});

describe('kitectl describe', () => {
  it('describe lists the methods, one per line in a pipe', async () => {
    const { code, stdout, stderr } = await cli.run(['describe', ...to]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'fair\trequired\t100 at once, then 1 every 10ms; for each caller 5 at once, then 1 every 1s\t',
      'kite.describe\trequired\t\tReturns the methods of this kite.',
      'kite.heartbeat\trequired\t\tCalls a function at an interval in seconds.',
      'kite.log\trequired\t\tWrites a message to the log of this kite.',
      'kite.ping\tnone\t\tReturns "pong".',
      'kite.tunnel\trequired\t\tOpens a tunnel to the proxy with which this kite has registered.',
      'open\tnone\t3 at once, then 1 every 1.5s\ttab\\tand \\u001b[31mred',
      'square\trequired\t\tThe square of a number.',
      '',
    ]);
  });

  it('describe prints the methods as JSON', async () => {
    const { stdout } = await cli.run(['describe', '--json', ...to]);
    const methods = JSON.parse(stdout) as { name: string }[];
    expect(methods.filter(({ name }) => !name.startsWith('kite.'))).toEqual([
      {
        name: 'fair',
        authenticated: true,
        throttle: { interval: 10, capacity: 100 },
        throttlePerCaller: { interval: 1000, capacity: 5 },
      },
      {
        name: 'open',
        authenticated: false,
        throttle: { interval: 1500, capacity: 3 },
        description: 'tab\tand \u001b[31mred',
      },
      {
        name: 'square',
        authenticated: true,
        description: 'The square of a number.',
        jsonSchema: { type: 'array', items: [{ type: 'number' }] },
      },
    ]);
  });

  it('describe draws a table on a terminal', async () => {
    const { code, stdout } = await cli.terminal(['describe', ...to], 80, { env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    expect(stdout).toContain('│ square');
    expect(stdout).toContain('\\x1b[31mred');
    expect(stdout).not.toContain('\u001b[31m');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBe(80);
  });

  it('describe -o wide shows which extensions of the protocol the kite speaks', async () => {
    const { stdout } = await cli.run(['describe', '-o', 'wide', ...to]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `Extensions of the protocol: ${SPOKEN_EXTENSIONS.join(', ')}`,
    );
    const answer = '{"method":0,"arguments":[{"error":null,"result":{"methods":[]}}],"callbacks":{}}';
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => socket.on('message', () => socket.send(answer)));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
    const old = await cli.run(['describe', '-o', 'wide', '--transport', 'raw', '--to', url]);
    server.close();
    expect(old.stdout).toContain('Extensions of the protocol: none');
  });

  it('describe shows which methods are known to stream: generators, and those that serve streams lines of', async () => {
    const module = join(cli.home, 'streams.mjs');
    await writeFile(module, 'export async function* tail() {}\nexport function plain() {}\n');
    const lines = ['--method', 'lines', '--exec', 'cat', '--result', 'lines'];
    const serving = cli.start(['serve', module, ...lines, '--port', '0', '--name', 'streams', '--json']);
    await serving.until(({ stdout }) => stdout.endsWith('\n'));
    const { url } = JSON.parse(serving.stdout) as { url: string };
    const { stdout } = await cli.run(['describe', '--json', '--to', url]);
    const methods = JSON.parse(stdout) as { name: string; streams?: true }[];
    const own = methods.filter(({ name }) => !name.startsWith('kite.'));
    expect(own.map(({ name, streams }) => [name, streams])).toEqual([
      ['lines', true],
      ['plain', undefined],
      ['tail', true],
    ]);
    const wide = await cli.run(['describe', '-o', 'wide', '--to', url]);
    expect(wide.stdout).toMatch(/│ arguments │ streams │/);
    expect(wide.stdout).toMatch(/\btail\b.*\byes\b/);
    serving.child.kill('SIGTERM');
    await serving.outcome;
  });

  it('describe is refused without credentials', async () => {
    const { code, stdout, stderr } = await cli.run(['describe', '--auth', 'none', ...to]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('calling "kite.describe"');
  });

  it('describe explains why a kite of another library has no list, and rejects a malformed list', async () => {
    const other = new Kite('other', '1.0.0', { port: 0, env: {}, kiteKey: false });
    let answer = (): unknown => {
      throw new KiteError('methodNotFound', 'Method not found: kite.describe');
    };
    other.handle('kite.describe', () => answer()).disableAuthentication();
    await other.listen();
    const unknown = await cli.run(['describe', '--to', other.url ?? '']);
    expect(unknown.code).toBe(7);
    expect(unknown.stderr).toContain('does not support kite.describe');
    answer = () => 'no list';
    expect((await cli.run(['describe', '--to', other.url ?? ''])).code).toBe(1);
    answer = () => ({ methods: [null, 4, { name: '' }, { name: 'm', throttle: 'x', description: 4 }] });
    expect((await cli.run(['describe', '--json', '--to', other.url ?? ''])).stdout).toBe(
      '[{"name":"m","authenticated":true}]\n',
    );
    await other.close();
  });
});
