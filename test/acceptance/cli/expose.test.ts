import kitejs from 'kite.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import type { TunnelProxy } from '../../../src/lib/proxy/tunnel/tunnel-proxy.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { makeKite, startKite } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.create();
});
afterAll(() => cli.remove());

interface World {
  readonly kontrol: Kontrol;
  readonly proxy: TunnelProxy;
  /** The environments of bob and alice. */
  readonly bob: Readonly<Record<string, string>>;
}

async function world(): Promise<World> {
  const { kontrol } = await startKontrol();
  const proxy = await startTunnelProxy(kontrol, { environment: 'unknown' });
  return { kontrol, proxy, bob: await keyOf(kontrol, 'bob') };
}

async function keyOf(kontrol: Kontrol, username: string): Promise<Record<string, string>> {
  return { KITE_KEY: await kontrol.newKiteKey(username), KITE_KONTROL_URL: kontrol.url };
}

/** Runs expose, and resolves once the kite is exposed. */
async function expose(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Running> {
  const running = cli.start(['expose', ...args], { env });
  onTestFinished(async () => {
    running.child.kill('SIGINT');
    await running.outcome;
  });
  await running.until(
    ({ stdout, stderr }) => /"registered"|^\/\S+\n/.test(stdout) || / is reached as /.test(stderr),
  );
  return running;
}

const events = ({ stdout }: Running): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('expose', () => {
  it('expose lets others call an unchanged kite, which learns their usernames', async () => {
    const { kontrol, bob } = await world();
    const math = await startKite(kontrol);
    math.handle('who', ({ username }) => username);
    const origin = new URL(math.url ?? '').origin;
    const running = await expose([origin, '--name', 'math'], bob);
    expect(running.stderr).toMatch(
      /^http:\/\/\S+\/kite is reached as \/bob\/prod\/math\/1\.0\.0\/\S+ at http:\/\/\S+\/proxy\?kiteID=\S+\n$/,
    );
    const call = (method: string, ...args: string[]) =>
      cli.run(['call', method, '--to', '/bob/prod/math', ...args], { env: bob });
    expect(await call('square', '4')).toMatchObject({ code: 0, stdout: '16\n' });
    expect(await call('who')).toMatchObject({ code: 0, stdout: '"bob"\n' });
    expect(await call('who', '--auth', 'none')).toMatchObject({ code: 4 });
    await vi.waitFor(() => expect(math.connectionCount).toBe(0));
    running.child.kill('SIGINT');
    expect(await running.outcome).toMatchObject({ code: 0, stdout: '' });
    expect(await call('square', '4')).toMatchObject({ code: 5 });
  });

  it('expose registers under the environment that the kite reports, so that tokens are valid', async () => {
    const { kontrol, bob } = await world();
    const math = await startKite(kontrol, { environment: 'staging' });
    const origin = new URL(math.url ?? '').origin;
    const running = await expose([origin, '--name', 'math', '-o', 'name'], bob);
    await running.until(({ stdout }) => stdout.includes('\n'));
    expect(running.stdout).toMatch(/^\/bob\/staging\/math\/1\.0\.0\/\S+\n$/);
    expect(running.stderr).toBe('');
    const call = await cli.run(['call', 'square', '4', '--to', '/bob/staging/math'], { env: bob });
    expect(call).toMatchObject({ code: 0, stdout: '16\n' });
    const other = await expose([origin, '--name', 'maths', '--environment', 'prod'], bob);
    expect(other.stderr).toMatch(/the kite has the environment staging, not prod: it will refuse the tokens/);
    expect(other.stderr).toMatch(/the kite has the name math, not maths/);
  });

  it('expose prints its public URL on a terminal', async () => {
    const { kontrol, bob } = await world();
    const math = await startKite(kontrol);
    const running = cli.startTerminal(['expose', math.url ?? '', '--name', 'math'], 200, { env: bob });
    await running.type(' is reached as /bob/prod/math/', '\u0003');
    expect(await running.outcome).toMatchObject({ code: 0 });
    expect(running.stdout).toContain('math is not exposed any more.');
  });

  it('expose --json prints one line per event', async () => {
    const { kontrol, proxy, bob } = await world();
    const math = await startKite(kontrol);
    const running = await expose(
      [math.url ?? '', '--name', 'counted', '--environment', 'test', '--version', '2.1.0', '--json'],
      bob,
    );
    const [registered] = events(running);
    expect(registered).toMatchObject({ event: 'registered', local: math.url });
    expect(registered?.['kite']).toMatch(/^\/bob\/test\/counted\/2\.1\.0\//);
    const [behind] = proxy.status().kites;
    expect(registered?.['url']).toBe(behind?.url);
    const client = (await makeKite(kontrol)).newClient(String(registered?.['url']));
    await client.dial();
    expect(await client.tell('kite.ping')).toBe('pong');
    client.close();
    await running.until((one) => events(one).length >= 3);
    // The kite is down for a while.
    await math.close({ drainTimeout: 0 });
    const vain = (await makeKite(kontrol)).newClient(String(registered?.['url']));
    const ended = new Promise((resolve) =>
      vain.once('disconnect', (code, reason) => resolve([code, reason])),
    );
    await vain.dial();
    expect(await ended).toEqual([1014, 'The kite cannot be reached']);
    await running.until((one) => events(one).length >= 6);
    expect(events(running).slice(1)).toEqual([
      { event: 'opened', session: 1, sessions: 1 },
      { event: 'closed', session: 1, sessions: 0 },
      { event: 'opened', session: 2, sessions: 1 },
      { event: 'failed', session: 2, error: expect.stringContaining('nothing listens there') as string },
      { event: 'closed', session: 2, sessions: 0 },
    ]);
    running.child.kill('SIGTERM');
    expect((await running.outcome).code).toBe(0);
  });

  it.each(['raw WebSocket', 'SockJS'])('expose serves a kite of kite.js over %s', async (transport) => {
    const { bob } = await world();
    const port = await freePort();
    const raw = transport === 'raw WebSocket';
    const server = new kitejs.KiteServer({
      name: 'js',
      auth: false,
      logLevel: 0,
      serverClass: raw ? kitejs.KiteServer.transport.WebSocket : kitejs.KiteServer.transport.SockJS,
      api: { square: (n: number, done: (error: unknown, result: unknown) => void) => done(null, n * n) },
      prefix: raw ? '' : '/kite',
    });
    server.listen(port);
    onTestFinished(() => server.close());
    await expose([`http://127.0.0.1:${port}`, '--name', 'js'], bob);
    // A kite of that library does not answer a call with a token.
    const args = ['call', 'square', '5', '--auth', 'none', '--to', '/bob/prod/js'];
    expect(await cli.run(args, { env: bob })).toMatchObject({ code: 0, stdout: '25\n' });
  });

  it('expose moves to another proxy when its own closes', async () => {
    const { kontrol, proxy, bob } = await world();
    const math = await startKite(kontrol);
    const running = await expose([math.url ?? '', '--name', 'moving', '--json'], bob);
    const other = await startTunnelProxy(kontrol, { environment: 'unknown' });
    await proxy.close({ drainTimeout: 0 });
    await running.until((one) => events(one).length >= 2);
    expect(events(running)[1]).toMatchObject({ event: 'registered', url: other.status().kites[0]?.url });
    const outcome = await cli.run(['call', 'square', '6', '--to', '/bob/prod/moving'], { env: bob });
    // It is registered under another name than the kite's own: the token is for that name.
    expect(outcome).toMatchObject({ code: 4 });
    const named = await expose([math.url ?? '', '--name', 'math', '--to', other.url], bob);
    expect((await cli.run(['call', 'square', '6', '--to', '/bob/prod/math'], { env: bob })).stdout).toBe(
      '36\n',
    );
    named.child.kill('SIGINT');
    await named.outcome;
  });

  it('expose exits with a code for what is missing at the start', async () => {
    const { kontrol, proxy, bob } = await world();
    const math = await startKite(kontrol);
    const url = math.url ?? '';
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const run = (args: readonly string[], env: Readonly<Record<string, string>> = bob) =>
      cli.run(['expose', ...args], { env });
    const stranger = await startKontrol({ keyPair: await testKeyPair(1) });
    const outcomes = await Promise.all([
      run([url]),
      run([url, '--name', 'a/b']),
      run(['nonsense', '--name', 'math']),
      run([url, '--name', 'math', '--version', 'one']),
      run([url, '--name', 'math'], {}),
      run([url, '--name', 'math', '--to', proxy.url], await keyOf(stranger.kontrol, 'bob')),
      run([url, '--name', 'math'], await keyOf(stranger.kontrol, 'bob')),
      run([nowhere, '--name', 'math']),
      run([url, '--name', 'math', '--to', `${nowhere}/kite`]),
      run([url, '--name', 'math', '--kontrol', `${nowhere}/kite`]),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 2, 3, 4, 5, 6, 6, 6]);
    expect(outcomes.every(({ stdout, stderr }) => stdout === '' && stderr.startsWith('error: '))).toBe(true);
    expect(outcomes[6]?.stderr).toContain('kitectl proxy start --tunnel');
  });
});
