import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { accessSettings } from '../../../src/lib/cli/settings/access-settings.js';
import { balancersInstalled, startNginx, withoutBalancers } from '../../helpers/balancers/balancer.js';
import { runInProcess } from '../../helpers/cli/run-in-process.js';
import { Sink } from '../../helpers/cli/test-runtime.js';
import { TLS_LINES, TlsWorld } from '../../helpers/cli/tls-world.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { startKite } from '../../helpers/proxy/proxy.js';
import { type Authority, type Identified, makeAuthority } from '../../helpers/transport/authority.js';

// Commands that reach kites, Kontrol and a proxy only through servers that terminate TLS in front of them.

/** Writes files and returns their paths. */
async function writeInto(folder: string, contents: Readonly<Record<string, string>>): Promise<string[]> {
  const paths = [];
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    paths.push(path);
  }
  return paths;
}

const commands = accessSettings.ca.commands.filter((name) => name !== 'config explain');

/** Whether a command ends if it cannot connect. Others try again. */
function endsAtOnce(command: string): boolean {
  const { serves = false, registers = false, waits = false } = TLS_LINES[command] ?? {};
  return !serves && !registers && !waits;
}

/** Runs each command with flags, and returns those that do not work. */
async function failuresOf(
  world: TlsWorld,
  flagsFor: (command: string) => readonly string[],
  check: (command: string, stderr: string) => void = () => {},
): Promise<readonly object[]> {
  const failures = [];
  for (const command of commands) {
    const { output, stderr } = await world.run(command, flagsFor(command));
    check(command, stderr);
    if (output.startsWith('late') || !TLS_LINES[command]?.works.test(output))
      failures.push({ command, output });
  }
  return failures;
}

async function setUp(): Promise<{ authority: Authority; server: Identified; ca: string; folder: string }> {
  const authority = await makeAuthority('one');
  const folder = temporaryFolder();
  const [ca = ''] = await writeInto(folder, { 'ca.pem': authority.ca });
  return { authority, server: await authority.server(), ca, folder };
}

it('each command that connects has a line in this test', () => {
  expect(Object.keys(TLS_LINES).toSorted()).toEqual([...commands].toSorted());
});

it('each command that connects trusts a server with --ca, and rejects it without', {
  timeout: 120_000,
}, async () => {
  const { server, ca } = await setUp();
  const world = await TlsWorld.create(server);
  let rejected = 0;
  for (const command of commands.filter(endsAtOnce)) {
    const { output } = await world.run(command, []);
    expect(`${command}: ${output}`).toMatch(/is not trusted|unable to verify/);
    rejected++;
  }
  expect(await failuresOf(world, () => ['--ca', ca])).toEqual([]);
  console.log(`--ca: ${commands.length} commands, ${rejected} of which fail at once without it`);
});

it('each command that connects has the certificate that a server requires, with --cert and --key', {
  timeout: 120_000,
}, async () => {
  const { authority, server, ca, folder } = await setUp();
  const bob = await authority.client('bob');
  const [cert = '', key = ''] = await writeInto(folder, { 'cert.pem': bob.cert, 'key.pem': bob.key });
  const world = await TlsWorld.create(server, authority.ca);
  let rejected = 0;
  for (const command of commands.filter(endsAtOnce)) {
    const { output } = await world.run(command, ['--ca', ca]);
    expect(`${command}: ${output}`).toMatch(/requires a certificate of the client|certificate required/);
    rejected++;
  }
  const before = world.fronts.flatMap(({ clients }) => clients).length;
  const names = (command: string): string[] =>
    command === 'proxy start' ? ['--client-cert', '--client-key'] : ['--cert', '--key'];
  const flags = (command: string): string[] => {
    const [certFlag = '', keyFlag = ''] = names(command);
    return ['--ca', ca, certFlag, cert, keyFlag, key];
  };
  expect(await failuresOf(world, flags)).toEqual([]);
  const clients = world.fronts.flatMap((front) => front.clients);
  expect(before).toBe(0);
  expect(new Set(clients)).toEqual(new Set(['bob']));
  console.log(
    `--cert and --key: ${commands.length} commands over ${clients.length} connections, ${rejected} commands fail at once without`,
  );
});

it.each(['WebSocket', 'XHR polling'])(
  'each command that connects sends the headers of --header over %s',
  { timeout: 120_000 },
  async (name) => {
    const { server, ca, folder } = await setUp();
    const [file = ''] = await writeInto(folder, {
      headers: '# gateway\nAuthorization: Bearer hunter2\r\n\n',
    });
    const world = await TlsWorld.create(server);
    const xhr = (command: string): string[] =>
      name === 'WebSocket' || NO_TRANSPORT.has(command) ? [] : ['--transport', 'xhr'];
    const flags = (command: string): string[] => [
      '--ca',
      ca,
      '--header',
      'X-Tenant: blue',
      '--header',
      `@${file}`,
      ...xhr(command),
    ];
    const failures = await failuresOf(world, flags, (command, stderr) => {
      expect(`${command}: ${stderr}`).not.toContain('hunter2');
    });
    expect(failures).toEqual([]);
    const heads = world.fronts.flatMap((front) => front.heads);
    const without = heads.filter(
      (head) =>
        !/\nx-tenant: blue(?:\r|$)/.test(head) || !/\nauthorization: bearer hunter2(?:\r|$)/.test(head),
    );
    expect(without).toEqual([]);
    console.log(`--header over ${name}: ${commands.length} commands, ${heads.length} connections`);
  },
);

/** The commands without --transport. */
const NO_TRANSPORT: ReadonlySet<string> = new Set(['proxy start', 'serve', 'expose']);

it('each command that connects accepts any certificate with --insecure, and warns once', {
  timeout: 120_000,
}, async () => {
  const { server } = await setUp();
  const world = await TlsWorld.create(server);
  const failures = await failuresOf(
    world,
    () => ['--insecure'],
    (command, stderr) => {
      const warnings = stderr.split('\n').filter((line) => line.includes('warning: --insecure'));
      expect({ command, warnings: warnings.length }).toEqual({ command, warnings: 1 });
    },
  );
  expect(failures).toEqual([]);
  console.log(`--insecure: ${commands.length} commands`);
});

it('doctor sends no header to a server whose certificate is not trusted', async () => {
  const { server } = await setUp();
  const world = await TlsWorld.create(server);
  const { output } = await world.run('doctor', ['--header', 'X-Tenant: blue']);
  expect(output).toMatch(/^TLS\tfailed\t.*is not trusted/m);
  const heads = world.fronts.flatMap((front) => front.heads);
  expect(heads.length).toBeGreaterThan(0);
  expect(heads.filter((head) => head.includes('x-tenant'))).toEqual([]);
});

it('a command whose flag --insecure has another meaning prints no warning about certificates', async () => {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const { signal } = new AbortController();
  await runInProcess(['install', './nowhere', '--insecure'], {
    stdout,
    stderr,
    home: temporaryFolder(),
    signal,
  });
  expect(stderr.text).toContain('nowhere');
  expect(stderr.text).not.toContain('certificates');
});

it.skipIf(!balancersInstalled)(
  `a command connects through nginx that requires a certificate of the client${withoutBalancers}`,
  async () => {
    const { authority, server, ca, folder } = await setUp();
    const bob = await authority.client('bob');
    const [cert = '', key = ''] = await writeInto(folder, { 'cert.pem': bob.cert, 'key.pem': bob.key });
    const [serverCert, serverKey] = await writeInto(folder, { 's.pem': server.cert, 's.key': server.key });
    const { kontrol } = await startKontrol();
    const math = await startKite(kontrol);
    math.handle<[number], number>('square', ({ args: [n] }) => n * n).disableAuthentication();
    const nginx = await startNginx(`events {} http { server { listen PORT ssl;
      ssl_certificate ${serverCert}; ssl_certificate_key ${serverKey};
      ssl_client_certificate ${ca}; ssl_verify_client on;
      location / { proxy_pass http://127.0.0.1:${math.port}; proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }`);
    onTestFinished(() => nginx.close());
    const call = async (...flags: string[]): Promise<string> => {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const url = `https://127.0.0.1:${nginx.port}/kite`;
      const { signal } = new AbortController();
      const options = { stdout, stderr, home: temporaryFolder(), signal };
      await runInProcess(['call', 'square', '4', '--to', url, '--ca', ca, ...flags], options);
      return stdout.text + stderr.text;
    };
    expect(await call()).toContain('If the server requires a certificate of the client, set one with --cert');
    expect(await call('--cert', cert, '--key', key)).toBe('16\n');
    expect(await call('--cert', cert, '--key', key, '--transport', 'xhr')).toBe('16\n');
  },
);
