import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { parseKiteKey, readKiteKeyFile, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { becomeUser } from '../../helpers/cli/cli-user.js';

let cli: Cli;
const served: Running[] = [];

beforeAll(async () => {
  cli = await Cli.create();
  await becomeUser(cli, 'bob');
});

afterEach(async () => {
  for (const running of served.splice(0)) {
    running.child.kill('SIGKILL');
    await running.outcome;
  }
});

afterAll(() => cli.remove());

/** Starts a kite, and resolves with its URL once it listens. */
async function serve(
  ...args: (string | string[])[]
): Promise<{ url: string; kite: string; running: Running }> {
  const running = cli.start(['serve', '--json', '--port', '0', ...args.flat()]);
  served.push(running);
  await running.until(({ stdout }) => stdout.endsWith('\n'));
  const { url, kite } = JSON.parse(running.stdout) as { url: string; kite: string };
  return { url, kite, running };
}

const SQUARE = `node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const [n]=JSON.parse(t);if(typeof n!=="number"){console.error("not a number");process.exit(7)}console.log(n*n)})'`;

describe('serve --exec', () => {
  it('serve --exec answers callers with the kite key with the output of a command', async () => {
    const { url, kite, running } = await serve('--name', 'math', '--method', 'square', '--exec', SQUARE);
    expect(kite).toMatch(/^\/bob\/unknown\/math\/1\.0\.0\//);
    expect(await cli.run(['call', 'square', '4', '--to', url])).toMatchObject({ code: 0, stdout: '16\n' });
    const failed = await cli.run(['call', 'square', 'x', '--to', url]);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('not a number (genericError, code 7,');
    const stranger = await cli.run(['call', 'square', '4', '--auth', 'none', '--to', url]);
    expect(stranger).toMatchObject({ code: 4, stdout: '' });
    running.child.kill('SIGTERM');
    expect((await running.outcome).code).toBe(0);
  });

  it('serve --timeout and call --timeout can be longer than the timers of JavaScript', async () => {
    const go = join(cli.home, 'go');
    const wait = `while ! [ -e '${go}' ]; do sleep 0.05; done; echo done`;
    const slow = await serve('--name', 'slow', '--method', 'wait', '--exec', wait, '--timeout', '600h');
    const calling = cli.start(['call', 'wait', '--timeout', '600h', '--to', slow.url]);
    served.push(calling);
    // Until another program has run, the command is still there, and the two others have waited.
    expect(await cli.run(['ping', '--count', '1', '--timeout', '600h', '--to', slow.url])).toMatchObject({
      code: 0,
    });
    await writeFile(go, '');
    const { code, stdout, stderr } = await calling.outcome;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('done');
    expect(slow.running.stderr).not.toContain('Warning');
  });

  it('serve --exec serves several methods, each with its command, and passes arguments to no shell', async () => {
    const { url } = await serve(
      ['--name', 'tools', '--no-auth', '--method', 'args', '--exec', 'cat; echo "[$*]"'],
      ['--method', 'text', '--exec', 'printf "two\\nlines\\n"', '--method', 'none', '--exec', ':'],
    );
    const evil = '$(touch evil); `touch evil`; \'; touch evil; "';
    const { stdout } = await cli.run([
      'call',
      'args',
      '--raw',
      '--auth',
      'none',
      '--to',
      url,
      '--',
      evil,
      '-x',
    ]);
    expect(stdout).toBe(`${JSON.stringify([evil, '-x'])}\n[]\n`);
    expect(existsSync(join(cli.home, 'evil'))).toBe(false);
    expect((await cli.run(['call', 'text', '--to', url])).stdout).toBe('"two\\nlines"\n');
    expect((await cli.run(['call', 'none', '--to', url])).stdout).toBe('null\n');
  });

  it('serve --exec kills a command after its timeout and when its caller disconnects', async () => {
    const [left, started] = ['left', 'started'].map((name) => join(cli.home, name));
    const { url } = await serve(
      ['--name', 'slow', '--no-auth', '--timeout', '300ms'],
      ['--method', 'late', '--exec', 'sleep 1000'],
    );
    const { code, stderr } = await cli.run(['call', 'late', '--to', url]);
    expect(code).toBe(1);
    expect(stderr).toContain('timed out after 300ms');
    const patient = await serve(
      ['--name', 'slow', '--no-auth', '--timeout', '0', '--method', 'left', '--exec'],
      `trap 'touch ${left}' EXIT; trap 'exit 1' TERM; touch ${started}; sleep 1000 & wait`,
    );
    const caller = cli.start(['call', 'left', '--to', patient.url]);
    await vi.waitFor(() => expect(existsSync(started ?? '')).toBe(true), { timeout: 10_000 });
    caller.child.kill('SIGINT');
    await caller.outcome;
    await vi.waitFor(() => expect(existsSync(left ?? '')).toBe(true), { timeout: 10_000 });
  });

  it('serve --exec lets a running call finish on SIGTERM', async () => {
    const [go, started] = ['go', 'started-2'].map((name) => join(cli.home, name));
    const { url, running } = await serve(
      ['--name', 'slow', '--no-auth', '--method', 'work', '--exec'],
      `touch ${started}; until [ -e ${go} ]; do sleep 0.05; done; echo worked`,
    );
    const caller = cli.run(['call', 'work', '--to', url]);
    await vi.waitFor(() => expect(existsSync(started ?? '')).toBe(true), { timeout: 10_000 });
    running.child.kill('SIGTERM');
    await writeFile(go ?? '', '');
    expect(await caller).toMatchObject({ code: 0, stdout: '"worked"\n' });
    expect((await running.outcome).code).toBe(0);
  });
});

describe('serve with a module', () => {
  it('serve answers calls with the functions of a module and publishes their descriptions', async () => {
    await writeFile(
      join(cli.home, 'math.mjs'),
      `export const answer = 42;
      export function square(n) { return n * n; }
      square.description = 'The square.';
      square.jsonSchema = { type: 'array' };
      export async function whoami() { return this.username; }
      export default { cube: (n) => n ** 3 };`,
    );
    const { url, kite } = await serve('math.mjs', '--environment', 'prod');
    expect(kite).toMatch(/^\/bob\/prod\/math\//);
    expect((await cli.run(['call', 'square', '4', '--to', url])).stdout).toBe('16\n');
    expect((await cli.run(['call', 'cube', '2', '--to', url])).stdout).toBe('8\n');
    expect((await cli.run(['call', 'whoami', '--to', url])).stdout).toBe('"bob"\n');
    const { stdout } = await cli.run(['describe', '--json', '--to', url]);
    const methods = JSON.parse(stdout) as { name: string }[];
    expect(methods.filter(({ name }) => !name.startsWith('kite.'))).toEqual([
      { name: 'cube', authenticated: true },
      { name: 'square', authenticated: true, description: 'The square.', jsonSchema: { type: 'array' } },
      { name: 'whoami', authenticated: true },
    ]);
  });

  it('serve loads a CommonJS module', async () => {
    await writeFile(join(cli.home, 'old.cjs'), 'module.exports = { twice: (n) => 2 * n };');
    const { url } = await serve('old.cjs', '--no-auth');
    expect((await cli.run(['call', 'twice', '4', '--to', url])).stdout).toBe('8\n');
  });

  it('serve answers calls with the functions of a module that exports a function named then', async () => {
    await writeFile(
      join(cli.home, 'then.mjs'),
      'export function then(n) { return n; } export const one = () => 1;',
    );
    const { url } = await serve('then.mjs', '--no-auth');
    expect((await cli.run(['call', 'then', '4', '--to', url])).stdout).toBe('4\n');
    expect((await cli.run(['call', 'one', '--to', url])).stdout).toBe('1\n');
  });

  it('serve reports a module that waits for something that never happens', async () => {
    await writeFile(join(cli.home, 'waits.mjs'), 'await new Promise(() => {}); export const one = () => 1;');
    const { code, stderr } = await cli.run(['serve', 'waits.mjs']);
    expect(code).toBe(1);
    expect(stderr).toContain('The command waits for something that can no longer happen.');
  });

  it.each([
    ['does not exist', 'nowhere.mjs', undefined, 'There is no module'],
    ['is broken', 'broken.mjs', 'export function (', 'cannot be loaded'],
    ['exports no function', 'empty.mjs', 'export const a = 1;', 'exports no functions'],
  ])('serve reports an error for a module that %s', async (_title, name, text, message) => {
    if (text !== undefined) await writeFile(join(cli.home, name), text);
    const { code, stderr } = await cli.run(['serve', name]);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

describe('serve', () => {
  it('serve stops gracefully at Ctrl-C on a terminal', async () => {
    const running = cli.startTerminal(['serve', '--name', 'a', '--method', 'm', '--exec', ':'], 80);
    await running.until(({ stdout }) => stdout.includes('listens at'));
    running.child.stdin?.write('\u0003');
    expect((await running.outcome).code).toBe(0);
  });

  it('serve refuses to start if no caller could be authenticated', async () => {
    const { code, stderr } = await cli.run(['serve', '--name', 'a', '--method', 'm', '--exec', ':'], {
      env: { KITE_HOME: join(cli.home, 'nobody') },
    });
    expect(code).toBe(3);
    expect(stderr).toContain('--no-auth');
  });

  it('serve reports a port in use and a reserved method name', async () => {
    const { url } = await serve('--name', 'a', '--method', 'm', '--exec', ':');
    const taken = await cli.run([
      'serve',
      '--name',
      'b',
      '--method',
      'm',
      '--exec',
      ':',
      '--port',
      new URL(url).port,
    ]);
    expect(taken.code).toBe(3);
    expect(taken.stderr).toContain('--port');
    const named = await cli.run(['serve', '--name', 'b', '--method', 'kite.ping', '--exec', ':']);
    expect(named.code).toBe(2);
  });

  it('serve --register registers with Kontrol and is found there', async () => {
    const { kontrol, url } = await startKontrol();
    const home = join(cli.home, 'registered');
    const kiteKey = await kontrol.newKiteKey('bob');
    await writeKiteKeyFile(kiteKey, { home });
    const running = cli.start(
      [
        'serve',
        '--name',
        'math',
        '--method',
        'one',
        '--exec',
        'echo 1',
        '--register',
        '--kontrol',
        url,
        '--json',
      ],
      { env: { KITE_HOME: home } },
    );
    served.push(running);
    await running.until(({ stdout }) => stdout.endsWith('\n'));
    const caller = new Kite('caller', '1.0.0', { kiteKey, kontrolUrl: url, env: {} });
    const [found] = await caller.getKites({ username: parseKiteKey(kiteKey).username });
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('one')).toBe(1);
    await caller.close();
  });

  it('serve stores the new kite key that Kontrol issues after it rotated its keys', async () => {
    const { kontrol, url } = await startKontrol();
    const home = join(cli.home, 'fresh');
    const old = await kontrol.newKiteKey('bob');
    const file = await writeKiteKeyFile(old, { home });
    await kontrol.rotate();
    const flags = ['--name', 'math', '--method', 'one', '--exec', 'echo 1', '--register', '--kontrol', url];
    const start = async (env: Record<string, string>): Promise<Running> => {
      const running = cli.start(['serve', ...flags], { env });
      served.push(running);
      await running.until(({ stderr }) => stderr.includes('registered as'));
      return running;
    };
    await start({ KITE_HOME: home });
    const fresh = readKiteKeyFile(file);
    expect(fresh).toMatchObject({ username: 'bob', kontrolKey: kontrol.keyPairs()[0]?.publicKey });
    expect(fresh.jwt).not.toBe(old);
    // A program cannot change the environment of another.
    const restarted = await start({ KITE_HOME: join(cli.home, 'none'), KITE_KEY: old });
    expect(restarted.stderr).toContain('Cannot store the fresh kite key');
    expect(restarted.stderr).toContain('environment variable KITE_KEY');
    expect(restarted.stderr).not.toContain(old);
  });
});
