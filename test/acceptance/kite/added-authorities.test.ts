import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cleanEnv, root, Running } from '../../helpers/cli/cli-harness.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { startKite, startReverseProxy } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { type Identified, makeAuthority } from '../../helpers/transport/authority.js';
import { startTlsFront } from '../../helpers/transport/tls-front.js';

/** Connects from each place, in a process that trusts `extra` and whose option `ca` is another authority. */
async function connectTo(
  server: Identified,
  { ca, extra }: { readonly ca: string; readonly extra: string },
): Promise<Readonly<Record<string, unknown>>> {
  const { kontrol } = await startKontrol();
  const math = await startKite(kontrol);
  math.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
  const proxy = await startReverseProxy(kontrol);
  const tunnel = await startTunnelProxy(kontrol);
  const front = async (port: number | undefined): Promise<string> =>
    `https://127.0.0.1:${(await startTlsFront({ port: port ?? 0, ...server })).port}/kite`;
  const world = {
    ca,
    kontrol: await front(kontrol.kite.port),
    math: await front(math.port),
    proxy: await front(proxy.kite.port),
    tunnel: await front(tunnel.kite.port),
    proxyKontrol: kontrol.url,
    userKey: await kontrol.newKiteKey('bob'),
    kontrolKey: await kontrol.newKiteKey('kontrol'),
  };
  const folder = temporaryFolder();
  const file = join(folder, 'extra.pem');
  writeFileSync(file, extra);
  const env = { NODE_EXTRA_CA_CERTS: file, ADDED_AUTHORITIES: JSON.stringify(world) };
  const child = spawn(process.execPath, [join(root, 'test/helpers/kite/dial-with-ca.mjs')], {
    env: cleanEnv(folder, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = new Running(child);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await running.outcome;
  });
  const { stdout, stderr } = await running.outcome;
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

const WORKS = {
  'a client over WebSocket': 16,
  'a client over XHR polling': 16,
  'the clients of a kite': 16,
  'a registration': 'string',
  'a registration over HTTP': 'string',
  'a registration with a reverse proxy': 'string',
  'a registration with a tunnel proxy, and its tunnels': 16,
  'a reverse proxy': 16,
};

it.each(['the option', 'NODE_EXTRA_CA_CERTS'])(
  'each place with an option for certificate authorities trusts a server of %s as well',
  { timeout: 180_000 },
  async (source) => {
    const [one, two] = [await makeAuthority('one', 0), await makeAuthority('two', 2)];
    const trusted = source === 'the option' ? one : two;
    expect(await connectTo(await trusted.server(), { ca: one.ca, extra: two.ca })).toEqual(WORKS);
    console.log(`${source}: ${Object.keys(WORKS).length} places`);
  },
);
