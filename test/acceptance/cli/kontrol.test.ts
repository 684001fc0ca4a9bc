import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { readKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { freePort } from '../../helpers/process/free-port.js';
import { bin, Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

let cli: Cli;
let kontrol: Running;
let url: string;
let bob: { KITE_HOME: string };

const listens = (running: Running): Promise<void> =>
  running.until(({ stderr }) => stderr.includes('Kontrol listens at'));

/** Registers a kite of bob's at Kontrol without the library, and resolves with a function that disconnects it. */
async function registerByHand(
  name: string,
  at: string,
): Promise<{ path: RegExp; close: () => Promise<void> }> {
  const { jwt } = readKiteKeyFile(join(bob.KITE_HOME, 'kite.key'));
  const kite = new Kite(name, '1.0.0', { kiteKey: jwt, environment: 'prod', region: 'eu', env: {} });
  const client = kite.newClient(url, {
    auth: { type: 'kiteKey', key: jwt },
    trustRemote: ['kite.heartbeat'],
  });
  await client.dial();
  await client.tell('register', { url: at });
  return { path: new RegExp(`/bob/prod/${name}/1\\.0\\.0/eu/`), close: () => kite.close() };
}

beforeAll(async () => {
  cli = await Cli.create();
  bob = { KITE_HOME: join(cli.home, 'bob') };
  const port = String(await freePort());
  url = `http://127.0.0.1:${port}/kite`;
  kontrol = cli.start(['kontrol', 'start', '--port', port]);
  await listens(kontrol);
  const invite = await cli.run(['kontrol', 'invite', 'bob']);
  await cli.run(['register', '--to', url, '--username', 'bob', '--invite-file', '-'], {
    env: bob,
    input: invite.stdout,
  });
});

afterAll(async () => {
  kontrol.child.kill('SIGTERM');
  await kontrol.outcome;
  await cli.remove();
});

describe('kontrol start', () => {
  it('kontrol start reports what it created at the first start, its folder and its address', () => {
    expect(kontrol.stderr).toContain(join(cli.home, '.kite', 'kontrol', 'kite.key'));
    expect(kontrol.stderr).toContain(join(cli.home, '.kite', 'kontrol', 'data'));
    expect(kontrol.stderr).toContain(`Kontrol listens at ${url}`);
  });

  it('kontrol start stops gracefully on SIGTERM with exit code 0, and restarts with the same keys', async () => {
    const env = { KITE_HOME: join(cli.home, 'again') };
    const args = ['kontrol', 'start', '--json', '--port', String(await freePort())];
    const keys: string[] = [];
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const running = cli.start(args, { env });
      await running.until(({ stdout }) => stdout.includes('\n'));
      keys.push((await cli.run(['kontrol', 'keys', 'list'], { env })).stdout);
      running.child.kill(signal);
      expect((await running.outcome).code).toBe(0);
    }
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}\tactive\t\S+\n$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("kontrol status uses Kontrol's own key whatever Kontrol the active context sets", async () => {
    const other = ['context', 'add', 'other', '--kontrol', 'http://127.0.0.1:1/kite', '--use'];
    expect((await cli.run(other)).code).toBe(0);
    expect(await cli.run(['kontrol', 'status', '-o', 'name'])).toMatchObject({ code: 0, stdout: `${url}\n` });
    expect((await cli.run(['kontrol', 'status', '--context', 'other'])).code).not.toBe(0);
    expect((await cli.run(['context', 'remove', 'other', '--yes'])).code).toBe(0);
  });

  it('kontrol start rejects unsafe or impossible options with the matching exit code', async () => {
    const open = await cli.run(['kontrol', 'start', '--ip', '0.0.0.0', '--registration', 'open']);
    expect(open.code).toBe(2);
    expect(open.stderr).toContain('--force');
    const taken = await cli.run(['kontrol', 'start', '--storage', 'memory', '--port', new URL(url).port], {
      env: { KITE_HOME: join(cli.home, 'taken') },
    });
    expect(taken.code).toBe(3);
    expect(taken.stderr).toContain('the port is in use');
    const missing = await cli.run(['kontrol', 'start', '-publickeyfile=a.pem', '-privatekeyfile=b.pem']);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('-initial');
  });

  it('the program kontrol runs the steps of the Go README with keys of openssl', async () => {
    const home = join(cli.home, 'original');
    const port = await freePort();
    const env = {
      NODE: process.execPath,
      KONTROL: bin.replace(/run\.js$/, 'kontrol.js'),
      KITE_HOME: home,
      KONTROL_PORT: String(port),
      KONTROL_USERNAME: 'kontrol',
      KONTROL_STORAGE: 'memory',
      KONTROL_KONTROLURL: `http://127.0.0.1:${port}/kite`,
      KONTROL_PUBLICKEYFILE: 'certs/key_pub.pem',
      KONTROL_PRIVATEKEYFILE: 'certs/key.pem',
    };
    const line = `set -e; mkdir certs; cd certs; openssl genrsa -out key.pem 2048 2>/dev/null
      openssl rsa -in key.pem -pubout > key_pub.pem 2>/dev/null; cd ..; "$NODE" "$KONTROL" -initial`;
    const initial = await cli.shell(line, { env });
    expect(initial).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(join(home, 'kite.key'))).mode & 0o777).toBe(0o400);
    const running = cli.start(['kontrol', 'start'], { env });
    await listens(running);
    const status = await cli.run(['kontrol', 'status', '--json'], { env: { KITE_HOME: home } });
    expect(JSON.parse(status.stdout)).toMatchObject({ kites: 1, storage: { name: 'memory' } });
    running.child.kill('SIGTERM');
    expect((await running.outcome).code).toBe(0);
    const publicKey = await readFile(join(cli.home, 'certs', 'key_pub.pem'), 'utf8');
    expect(readKiteKeyFile(join(home, 'kite.key'))).toMatchObject({
      username: 'kontrol',
      kontrolUrl: `http://127.0.0.1:${port}/kite`,
      kontrolKey: publicKey,
    });
  });
});

describe('query /', () => {
  it("query / finds kites of all users for Kontrol's own user", async () => {
    const math = await registerByHand('of-bob', 'http://127.0.0.1:1/kite');
    try {
      const own = join(cli.home, '.kite', 'kontrol', 'kite.key');
      const all = await cli.run(['query', '/', '--key-file', own, '-o', 'name']);
      expect(all).toMatchObject({ code: 0, stderr: '' });
      expect(all.stdout).toMatch(/^\/bob\/prod\/of-bob\//m);
      expect(all.stdout).toMatch(/^\/kontrol\/unknown\/kontrol\//m);
      const alone = await cli.run(['query', '--key-file', own, '-o', 'name']);
      expect(alone.stdout).not.toContain('of-bob');
    } finally {
      await math.close();
    }
  });
});

describe('kontrol ui', () => {
  it('kontrol ui prints a link that signs in the user once', async () => {
    const { stdout, code } = await cli.run(['kontrol', 'ui'], { env: bob });
    expect(code).toBe(0);
    const { origin, hash } = new URL(stdout.trim());
    expect(origin).toBe(new URL(url).origin);
    const kite = new Kite('page', '1.0.0', { kiteKey: false, env: {} });
    try {
      const client = kite.newClient(url);
      await client.dial();
      const signIn = (): Promise<unknown> => client.tell('signIn', { code: hash.slice('#sign-in='.length) });
      expect(await signIn()).toMatchObject({ username: 'bob' });
      await expect(signIn()).rejects.toMatchObject({ type: 'authenticationError' });
    } finally {
      await kite.close();
    }
  });

  it("kontrol ui signs in as Kontrol's own user with --admin or without a kite key", async () => {
    const own = await cli.run(['kontrol', 'ui', '--json']);
    expect(JSON.parse(own.stdout)).toMatchObject({ username: 'kontrol', seconds: 120 });
    const elsewhere = await cli.run(['kontrol', 'ui', '--admin'], { env: bob });
    expect(elsewhere).toMatchObject({ code: 3, stdout: '' });
    expect(elsewhere.stderr).toContain("kite key of Kontrol's own user");
  });

  it('kontrol ui explains how to get a kite key if there is none', async () => {
    const outcome = await cli.run(['kontrol', 'ui'], { env: { KITE_HOME: join(cli.home, 'nobody') } });
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(outcome.stderr).toContain('kitectl register --to URL');
  });

  it('kontrol ui explains how to enable the page if it is disabled', async () => {
    const env = { KITE_HOME: join(cli.home, 'no-page') };
    const port = String(await freePort());
    const bare = cli.start(['kontrol', 'start', '--no-ui', '--port', port], { env });
    await listens(bare);
    expect(bare.stderr).not.toContain('Its web page');
    const outcome = await cli.run(['kontrol', 'ui'], { env });
    expect(outcome).toMatchObject({ code: 7, stdout: '' });
    expect(outcome.stderr).toContain('--ui');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    bare.child.kill('SIGTERM');
    expect((await bare.outcome).code).toBe(0);
  });

  it('kontrol start serves its page by default if it listens on loopback only', async () => {
    expect(kontrol.stderr).toContain(`Its web page is ${new URL('/', url).href}`);
    const page = await fetch(new URL('/', url));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script type="module" src="/ui.js"></script>');
  });
});

describe('register', () => {
  it('register rejects a used invite with exit code 4', async () => {
    const invite = (await cli.run(['kontrol', 'invite', 'eve', '--ttl', '1h'])).stdout;
    const args = ['register', '--to', url, '--username', 'eve', '--invite-file', '-'];
    const home = (name: string) => ({ env: { KITE_HOME: join(cli.home, name) }, input: invite });
    expect((await cli.run(args, home('eve1'))).code).toBe(0);
    const second = await cli.run(args, home('eve2'));
    expect(second.code).toBe(4);
    expect(second.stderr).toContain('kitectl kontrol invite eve');
  });

  it('register with an invite of --key-ttl gets a kite key that expires, which the other commands show', async () => {
    const invite = (await cli.run(['kontrol', 'invite', 'dora', '--key-ttl', '90d'])).stdout;
    const env = { KITE_HOME: join(cli.home, 'dora') };
    const args = ['register', '--to', url, '--username', 'dora', '--invite-file', '-'];
    const registered = await cli.run(args, { env, input: invite });
    const { expiresAt = 0 } = readKiteKeyFile(join(env.KITE_HOME, 'kite.key'));
    const expiry = new Date(expiresAt).toISOString();
    expect(expiresAt - Date.now()).toBeGreaterThan(89 * 24 * 3_600_000);
    expect(registered.stdout).toContain(`It expires at ${expiry}.`);
    expect((await cli.run(['showkey'], { env })).stdout).toContain(`Expires\t${expiry}`);
    expect((await cli.run(['keys', 'list', '-o', 'wide'], { env })).stdout).toContain(expiry);
    expect((await cli.run(['doctor'], { env })).stdout).toContain(`expires at ${expiry}`);
    const user = await cli.run(['kontrol', 'users', 'show', 'dora', '--json']);
    // Kontrol tolerates a difference between clocks.
    expect(JSON.parse(user.stdout)).toMatchObject([{ type: 'kiteKey', endsAt: expiresAt }]);
    expect((await cli.run(['showkey'], { env: bob })).stdout).toContain('Expires\tnever');
    for (const ttl of ['5s', '90x', 'soon', '-1d'])
      expect(await cli.run(['kontrol', 'invite', 'dora', `--key-ttl=${ttl}`])).toMatchObject({ code: 2 });
  });

  it('register does not replace a kite key, and requires a Kontrol', async () => {
    const again = await cli.run(['register', '--to', url, '--username', 'bob'], { env: bob });
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('--force');
    expect((await cli.run(['register', '--username', 'bob'])).code).toBe(2);
  });
});

describe('query, token, watch and call', () => {
  it('query, token, watch and call exit with 5 if no kite is found and with 3 without a kite key', async () => {
    for (const args of [
      ['query', '/bob/prod/none'],
      ['token', '/bob/prod/none'],
      ['call', 'x', '--to', '/bob/prod/none'],
    ]) {
      expect((await cli.run(args, { env: bob })).code).toBe(5);
    }
    expect((await cli.run(['query', '/bob'], { env: { KITE_HOME: join(cli.home, 'nobody') } })).code).toBe(3);
    expect((await cli.run(['query', 'a/b/c/d/e/f/g/h'], { env: bob })).code).toBe(2);
  });

  it('query, watch and call follow a kite that registers and deregisters', async () => {
    const { jwt } = readKiteKeyFile(join(bob.KITE_HOME, 'kite.key'));
    const math = new TestKite({ kiteKey: jwt, environment: 'prod' });
    await math.kite.listen();
    const watching = cli.start(['query', '/bob', '--watch', '--json'], { env: bob });
    const none = await registerByHand('first', math.url);
    await watching.until(({ stdout }) => stdout.includes('"first"'));
    const registered = await registerByHand('math', math.url);
    await watching.until(({ stdout }) => stdout.includes('"math"'));

    const list = await cli.run(['query', '/bob/prod/math/>= 1.0, < 2.0'], { env: bob });
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const [number, path, at] = list.stdout.trimEnd().split('\t');
    expect([number, at]).toEqual(['1', math.url]);
    expect(path).toMatch(registered.path);
    const json = await cli.run(['query', '/bob/prod/math', '--json'], { env: bob });
    expect(JSON.parse(json.stdout)).toMatchObject([
      { kite: { username: 'bob', name: 'math' }, url: math.url },
    ]);
    expect(json.stdout).not.toContain('token');
    const table = await cli.terminal(['query', '/bob/prod/math'], 100, { env: bob });
    expect(table.stdout).toContain('│');

    expect(await cli.run(['token', '/bob/prod/math'], { env: bob })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/) as string,
    });
    const call = ['call', 'whoami', '--to', '/bob/prod/math'];
    expect(await cli.run(call, { env: bob })).toEqual({ code: 0, stdout: '"bob"\n', stderr: '' });
    const several = await cli.run(['call', 'square', '4'], { env: bob });
    expect({ code: several.code, stdout: several.stdout }).toEqual({ code: 5, stdout: '' });
    expect(several.stderr).toContain('2 of your kites respond');

    await none.close();
    await watching.until(({ stdout }) => stdout.includes('DEREGISTER'));
    watching.child.kill('SIGINT');
    expect((await watching.outcome).code).toBe(130);
    expect(await cli.run(['call', 'square', '4'], { env: bob })).toMatchObject({ code: 0, stdout: '16\n' });
    await registered.close();
    await math.kite.close();
  });

  it('call uses the next kite if the first one is unreachable', async () => {
    const { jwt } = readKiteKeyFile(join(bob.KITE_HOME, 'kite.key'));
    const kite = new TestKite({ kiteKey: jwt, environment: 'prod' });
    await kite.kite.listen();
    const gone = await registerByHand('twin', `http://127.0.0.1:${await freePort()}/kite`);
    const there = await registerByHand('twin', kite.url);
    for (let i = 0; i < 4; i++) {
      const { code, stdout } = await cli.run(['call', 'square', '4', '--to', '/bob/prod/twin'], { env: bob });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '16\n' });
    }
    await gone.close();
    await there.close();
    await kite.kite.close();
  });

  it('call uses the next kite if the first one shuts down before it has run the call', async () => {
    const { jwt } = readKiteKeyFile(join(bob.KITE_HOME, 'kite.key'));
    const kite = new TestKite({ kiteKey: jwt, environment: 'prod' });
    await kite.kite.listen();
    const port = await freePort();
    const gone = await registerByHand('pair', `http://127.0.0.1:${port}/kite`);
    const there = await registerByHand('pair', kite.url);
    // Kontrol lists the two in random order.
    let left = 0;
    while (left < 2) {
      const leaving = new Kite('pair', '1.0.0', { kiteKey: jwt, port, env: {}, logger: silentLogger });
      leaving.on('connect', () => {
        left++;
        void leaving.close();
      });
      await leaving.listen();
      const { code, stdout, stderr } = await cli.run(['call', 'square', '4', '--to', '/bob/prod/pair'], {
        env: bob,
      });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '16\n', stderr: '' });
      await leaving.close();
    }
    await gone.close();
    await there.close();
    await kite.kite.close();
  });
});

describe('kontrol users', () => {
  it('kontrol users show exits with 5 for a user that Kontrol does not know', async () => {
    const { code, stdout, stderr } = await cli.run(['kontrol', 'users', 'show', 'nobody']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain('Kontrol does not know the user "nobody"');
    expect(stderr).toContain('kitectl kontrol users list');
  });

  it('kontrol users revoke deletes unused invites, and warns about a user that Kontrol does not know', async () => {
    const invite = (await cli.run(['kontrol', 'invite', 'frank'])).stdout;
    const revoke = (name: string) => cli.run(['kontrol', 'users', 'revoke', name, '--yes']);
    expect(await revoke('frank')).toEqual({
      code: 0,
      stdout: 'Revoked every kite key of frank.\nDeleted 1 unused invite.\n',
      stderr: '',
    });
    const args = ['register', '--to', url, '--username', 'frank', '--invite-file', '-'];
    const env = { KITE_HOME: join(cli.home, 'frank') };
    expect((await cli.run(args, { env, input: invite })).code).toBe(4);
    const unknown = await revoke('frnak');
    expect(unknown.code).toBe(0);
    expect(unknown.stderr).toContain('warning: Kontrol knows no kite key, invite or kite of frnak');
  });
});

describe('kontrol keys', () => {
  it('kontrol keys revoke rejects what is not the id of a kite key, and warns about one that no node has seen', async () => {
    const revoke = (id: string) => cli.run(['kontrol', 'keys', 'revoke', '--kite-key', id, '--yes']);
    for (const id of ['nope', 'user:1:bob', '']) {
      const { code, stderr } = await revoke(id);
      expect([id, code]).toEqual([id, 2]);
      expect(stderr).toContain('is not the id of a kite key, which is a UUID');
      expect(stderr).toContain('kitectl kontrol users show');
    }
    const unknown = await revoke('32c766ac-a4c1-4890-b30f-a63537e8997c');
    expect(unknown).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Revoked the kite key') as string,
    });
    expect(unknown.stderr).toContain(
      'warning: no node of this Kontrol has issued or seen a kite key with this id',
    );
    const invite = (await cli.run(['kontrol', 'invite', 'grace'])).stdout;
    const env = { KITE_HOME: join(cli.home, 'grace') };
    await cli.run(['register', '--to', url, '--username', 'grace', '--invite-file', '-'], {
      env,
      input: invite,
    });
    expect(await revoke(readKiteKeyFile(join(env.KITE_HOME, 'kite.key')).id)).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it("kontrol keys is refused with exit code 4 for other users than Kontrol's own", async () => {
    const file = join(bob.KITE_HOME, 'kite.key');
    expect((await cli.run(['kontrol', 'status', '--key-file', file])).code).toBe(4);
    expect((await cli.run(['kontrol', 'invite', 'x'], { env: bob })).code).toBe(3);
    const status = await cli.run(['kontrol', 'status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ url, policy: 'own', registration: 'invite' });
  });

  it('kontrol keys revokes a rotated pair: kite keys of it are rejected and Kontrol’s own is renewed', async () => {
    const ids = async () => {
      const { stdout } = await cli.run(['kontrol', 'keys', 'list', '--json']);
      return (JSON.parse(stdout) as { id: string; state: string }[]).map(({ id, state }) => ({ id, state }));
    };
    const [first] = await ids();
    expect((await cli.run(['kontrol', 'keys', 'rotate'])).code).toBe(0);
    expect((await cli.run(['query', '/kontrol'], { env: bob })).code).toBe(0);
    expect((await ids()).map(({ state }) => state)).toEqual(['active', 'retired']);
    expect((await cli.run(['kontrol', 'keys', 'revoke', first?.id ?? '', '--yes'])).code).toBe(0);
    expect((await cli.run(['query', '/kontrol'], { env: bob })).code).toBe(4);
    expect((await ids()).map(({ state }) => state)).toEqual(['active', 'revoked']);
    expect((await cli.run(['kontrol', 'keys', 'revoke'])).code).toBe(2);
  });
});

describe('help', () => {
  it('help of a group lists its commands and suggests one for a misspelled name', async () => {
    const group = await cli.run(['kontrol']);
    expect(group.code).toBe(0);
    for (const name of ['kontrol start', 'kontrol invite', 'kontrol status'])
      expect(group.stdout).toContain(name);
    expect((await cli.run(['kontrol', 'start', '--help'])).stdout).toContain('KONTROL_POSTGRES_HOST');
    const wrong = await cli.run(['kontrol', 'strat']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean: kitectl kontrol start');
  });
});
