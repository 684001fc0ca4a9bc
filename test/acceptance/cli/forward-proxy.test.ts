import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonSettings } from '../../../src/lib/cli/settings/common-settings.js';
import { type Outcome, root, type Running } from '../../helpers/cli/cli-harness.js';
import { tarGz } from '../../helpers/tar.js';
import { makeAuthority } from '../../helpers/transport/authority.js';
import {
  ProxiedNetwork,
  proxiesInstalled,
  SERVER,
  SOCKS_URL,
  SQUID_URL,
  TINYPROXY_URL,
  withoutProxies,
} from '../../helpers/transport/proxied-network.js';

const KONTROL = `http://${SERVER}:4000/kite`;
const MATH = `http://${SERVER}:4001/kite`;
const TUNNEL_PROXY = `http://${SERVER}:4002/kite`;
const SECURE = `https://${SERVER}/kite`;
const MANIFEST = `https://${SERVER}/bob/math/.kite.json`;

/** A command line on a machine that reaches the servers only through a proxy. */
interface Line {
  readonly command: string;
  readonly args?: readonly string[];
  /** Whether it uses the kite key of Kontrol instead of that of bob. */
  readonly asKontrol?: boolean;
  readonly input?: () => string;
  readonly prints: RegExp;
  /** It runs until it has printed this, or is ended. */
  readonly runs?: boolean;
}

/** A kite with TLS at port 443, which also serves what `install` downloads. */
const SECURE_KITE = `
import { readFileSync } from 'node:fs';
import { Kite } from '${root}dist/lib/index.js';
const kite = new Kite('secure', '1.0.0', { ip: '0.0.0.0', port: 443, allowedHosts: ['${SERVER}'] });
kite.handle('one', () => 1).disableAuthentication();
kite.handleHttp('/bob/math/', ({ url }, response) => response.end(readFileSync(url.split('/').pop())));
kite.useTls({ cert: readFileSync('cert.pem'), key: readFileSync('key.pem') });
await kite.listen();
console.log('listening');
`;

let network: ProxiedNetwork;
let invite = '';
const servers: Running[] = [];

/** In this order: registering gets the kite key for what follows. */
const LINES: readonly Line[] = [
  { command: 'kontrol invite', args: ['bob'], asKontrol: true, prints: /^\S{20,}\s*$/ },
  {
    command: 'register',
    args: ['--to', KONTROL, '--username', 'bob', '--invite-file', '-'],
    input: () => invite,
    prints: /kite\.key/,
  },
  { command: 'call', args: ['one', '--to', MATH], prints: /^1$/m },
  { command: 'tell', args: ['--method', 'one', '--to', MATH], prints: /^1$/m },
  { command: 'describe', args: ['--to', MATH, '--auth', 'kite-key'], asKontrol: true, prints: /^one\t/m },
  { command: 'ping', args: ['--to', MATH], prints: /^pong from/ },
  { command: 'shell', args: ['--to', MATH], input: () => 'one\n', prints: /^1$/m },
  { command: 'bench', args: ['one', '--to', MATH, '--duration', '100ms'], prints: /^throughput/m },
  { command: 'query', args: ['/kontrol'], prints: /\/math\// },
  { command: 'token', args: ['/kontrol/unknown/math'], prints: /^\S+\.\S+\.\S+\s*$/ },
  // Prints changes only.
  { command: 'watch', args: ['/kontrol'], prints: /^/, runs: true },
  { command: 'wait', args: ['/kontrol/unknown/math'], prints: /\/math\// },
  { command: 'top', args: ['/kontrol', '--json'], prints: /"responds": ?true/ },
  { command: 'doctor', prints: /^proxy\tok\t.*\b10\.91\.1\.1:\d+ \(/m },
  { command: 'proxy status', args: ['--to', TUNNEL_PROXY, '--json'], asKontrol: true, prints: /tunnelproxy/ },
  { command: 'kontrol status', asKontrol: true, prints: /^kites\t/m },
  { command: 'kontrol ui', asKontrol: true, prints: /#sign-in=/ },
  { command: 'kontrol keys list', asKontrol: true, prints: /\tactive\t/ },
  { command: 'kontrol users list', asKontrol: true, prints: /^bob\t/m },
  { command: 'kontrol users show', args: ['bob'], asKontrol: true, prints: /\tkite key\t/ },
  { command: 'install', args: [MANIFEST], prints: /Installed kontrol\.test\/bob\/math\/1\.0\.0/ },
  {
    command: 'serve',
    args: ['--name', 'far', '--method', 'one', '--exec', 'echo 1', '--register', '--ip', '0.0.0.0'],
    prints: /egistered/,
    runs: true,
  },
  { command: 'proxy start', args: ['--tunnel'], prints: /proxy listens at/, runs: true },
  {
    command: 'expose',
    args: [MATH, '--name', 'exposed', '--to', TUNNEL_PROXY],
    prints: /is available as/,
    runs: true,
  },
  {
    command: 'kontrol keys revoke',
    args: ['--kite-key', '32c766ac-a4c1-4890-b30f-a63537e8997c', '--yes'],
    asKontrol: true,
    prints: /Revoked/,
  },
  { command: 'kontrol keys rotate', asKontrol: true, prints: /\S/ },
  { command: 'kontrol users revoke', args: ['bob', '--yes'], asKontrol: true, prints: /evoked/ },
  // Dials nothing but its store.
  {
    command: 'kontrol start',
    args: ['--port', '0', '--storage', 'memory'],
    prints: /Kontrol listens at/,
    runs: true,
  },
];

/** The environment of a client: the kite key of bob or of Kontrol, the proxy, and the authority of the server. */
function environment(
  proxy: Readonly<Record<string, string>>,
  { command = '', asKontrol = false }: Partial<Line> = {},
): Readonly<Record<string, string>> {
  return {
    ...proxy,
    NODE_EXTRA_CA_CERTS: join(network.folder, 'ca.pem'),
    ...(asKontrol && { KITE_KEY_FILE: join(network.folder, 'kontrol.key') }),
    ...(command !== 'register' && command !== 'kontrol start' && { KITE_KONTROL_URL: KONTROL }),
  };
}

async function run(line: Line, proxy: Readonly<Record<string, string>>): Promise<Outcome> {
  const { command, args = [], input, prints, runs = false } = line;
  const before = network.requests('tinyproxy');
  const running = network.start('client', [...command.split(' '), ...args], {
    env: environment(proxy, line),
    ...(!runs && { input: input?.() ?? '' }),
  });
  if (!runs) return running.outcome;
  await running.until(({ stdout, stderr }) => prints.test(stdout + stderr));
  if (command !== 'kontrol start') await network.requested('tinyproxy', before);
  running.child.kill('SIGTERM');
  return { ...(await running.outcome), code: 0 };
}

/** Starts a server, and waits until it has printed `ready`. */
async function startServer(running: Running, ready: RegExp): Promise<void> {
  servers.push(running);
  await running.until(({ stdout, stderr }) => ready.test(stdout + stderr));
}

async function startServers(): Promise<void> {
  const authority = await makeAuthority('the authority of the servers');
  const { cert, key } = await authority.server(SERVER);
  const archive = tarGz([{ path: 'math.kite/bin/math', mode: 0o755, content: '#!/bin/sh\necho math\n' }]);
  const sha256 = { any: createHash('sha256').update(archive).digest('hex') };
  const manifest = { name: 'math', version: '1.0.0', platforms: { any: 'math.tar.gz' }, sha256 };
  const files = {
    'ca.pem': authority.ca,
    'server/cert.pem': cert,
    'server/key.pem': key,
    'server/secure.mjs': SECURE_KITE,
    'server/.kite.json': JSON.stringify(manifest),
    'server/math.tar.gz': archive,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(network.folder, name), content);
  const start = (...args: readonly (readonly string[])[]): Running => network.start('server', args.flat());
  const ownKey = join(network.folder, 'server/.kite/kontrol/kite.key');
  const common = ['--ip', '0.0.0.0', '--key-file', ownKey];
  await startServer(
    start(
      ['kontrol', 'start', '--ip', '0.0.0.0', '--kontrolurl', KONTROL, '--allow-host', SERVER],
      ['--storage', 'memory', '--ui', '--json'],
    ),
    /"url"/,
  );
  await startServer(
    start(
      ['serve', '--name', 'math', '--no-auth', '--method', 'one', '--exec', 'echo 1', ...common],
      ['--port', '4001', '--register', '--advertise', MATH, '--allow-host', SERVER],
    ),
    /registered as/,
  );
  await startServer(
    start(['proxy', 'start', '--tunnel', ...common, '--port', '4002', '--public-host', `${SERVER}:4002`]),
    /proxy listens at/,
  );
  await startServer(network.node('server', ['secure.mjs']), /listening/);
  writeFileSync(join(network.folder, 'kontrol.key'), readFileSync(ownKey), { mode: 0o600 });
}

describe.skipIf(!proxiesInstalled)(`on a machine whose only way out is a proxy${withoutProxies}`, () => {
  beforeAll(async () => {
    network = await ProxiedNetwork.create();
    await startServers();
  });

  afterAll(async () => {
    for (const running of servers.toReversed()) {
      running.child.kill('SIGTERM');
      await running.outcome;
    }
    await network.close();
  });

  it('each command that dials works through a proxy, and none without', async () => {
    let requests = 0;
    for (const line of LINES) {
      const before = network.requests('tinyproxy');
      const outcome = await run(line, { HTTP_PROXY: TINYPROXY_URL, HTTPS_PROXY: TINYPROXY_URL });
      if (line.command === 'kontrol invite') invite = outcome.stdout.trim();
      expect({ command: line.command, ...outcome }).toMatchObject({ command: line.command, code: 0 });
      expect(outcome.stdout + (line.runs ? outcome.stderr : '')).toMatch(line.prints);
      const sent = network.requests('tinyproxy') - before;
      expect({ command: line.command, sent: sent > 0 }).toEqual({
        command: line.command,
        sent: line.command !== 'kontrol start',
      });
      requests += sent;
    }
    const walked = new Set(LINES.map(({ command }) => command));
    console.log(`on a machine behind a proxy: ${walked.size} commands, ${requests} requests to the proxy`);
    expect([...walked].toSorted()).toEqual(commonSettings.httpsProxy.commands.toSorted());
    const direct = await network.run('client', ['ping', '--to', MATH]);
    expect(direct).toMatchObject({ code: 6, stdout: '' });
    const exempt = { HTTP_PROXY: TINYPROXY_URL, NO_PROXY: SERVER };
    expect(await network.run('client', ['ping', '--to', MATH], { env: exempt })).toMatchObject({ code: 6 });
  }, 120_000);

  it('serve registers the address from which the proxy is reached', async () => {
    const args = ['serve', '--name', 'near', '--method', 'one', '--exec', 'echo 1', '--register'];
    const running = network.start('client', [...args, '--ip', '0.0.0.0', '--port', '4005'], {
      env: environment({ HTTP_PROXY: TINYPROXY_URL }, { asKontrol: true }),
    });
    await running.until(({ stderr }) => stderr.includes('registered as'));
    const { stdout } = await network.run('server', ['query', '/kontrol/unknown/near', '--json'], {
      env: { KITE_KEY_FILE: join(network.folder, 'kontrol.key') },
    });
    running.child.kill('SIGTERM');
    await running.outcome;
    expect(JSON.parse(stdout)).toMatchObject([{ url: 'http://10.91.1.2:4005/kite' }]);
  });

  it.each([
    ['Squid, which opens tunnels to port 443 only', { HTTP_PROXY: SQUID_URL, HTTPS_PROXY: SQUID_URL }],
    ['a SOCKS proxy', { ALL_PROXY: SOCKS_URL }],
  ])('a kite is called through %s, with TLS and without', async (_proxy, env) => {
    const call = (url: string, ...args: readonly string[]): Promise<Outcome> =>
      network.run('client', ['call', 'one', '--to', url, ...args], { env: environment(env) });
    expect(await call(MATH)).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
    expect(await call(MATH, '--transport', 'xhr')).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await call(SECURE)).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
    expect(await call(SECURE, '--transport', 'xhr')).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await call(SECURE, '--transport', 'raw')).toMatchObject({ code: 0, stdout: '1\n' });
  });

  it('a name that only the proxy resolves needs socks5h instead of socks5', async () => {
    const env = { ALL_PROXY: SOCKS_URL.replace('socks5h', 'socks5') };
    const { code, stderr } = await network.run('client', ['ping', '--to', MATH], { env });
    expect(code).toBe(6);
    expect(stderr).toContain('hint: Let the proxy resolve it: write socks5h:// in ALL_PROXY.\n');
  });

  it('a refusal of Squid is an error that names the proxy and what to do', async () => {
    const env = { HTTP_PROXY: SQUID_URL.replace('//', '//bob:secret@') };
    const refused = await network.run('client', ['ping', '--to', MATH, '--transport', 'websocket'], { env });
    expect(refused).toEqual({
      code: 6,
      stdout: '',
      stderr:
        `error: Cannot connect to ${MATH}: the proxy ${SQUID_URL} (HTTP_PROXY) does not allow the connection (HTTP 403)\n` +
        `hint: Ask its administrator to allow connections to ${SERVER}:4001, or add ${SERVER} to NO_PROXY if this machine reaches it directly.\n`,
    });
    // Nothing listens there.
    const closed = MATH.replace('4001', '4009');
    const failed = await network.run('client', ['ping', '--to', closed, '--transport', 'xhr'], { env });
    expect(failed.code).toBe(6);
    expect(failed.stderr).toContain(`the proxy ${SQUID_URL} (HTTP_PROXY) cannot connect to it (HTTP 503)`);
  });
});
