import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';

let network: Network;
let math: string;
let kontrol: string;
/** Finds the kites of bob. */
let finder: Kite;

beforeAll(async () => {
  network = await Network.create();
  math = new URL((await network.register()).url).origin;
  kontrol = new URL(network.kontrol.url).origin;
  finder = new Kite('finder', '1.0.0', {
    kiteKey: network.jwt,
    kontrolUrl: network.kontrol.url,
    env: {},
    logger: silentLogger,
  });
  await finder.getKites({ username: 'bob' });
  await writeFile(join(network.cli.home, 'kite.mjs'), 'export const cube = (n) => n ** 3;\n');
});

afterAll(async () => {
  await finder.close();
  await network.close();
});

function start(words: readonly string[]): Running {
  const running = network.cli.start(words);
  onTestFinished(async () => {
    running.child.kill('SIGKILL');
    await running.outcome;
  });
  return running;
}

const isRegistered = async (name: string): Promise<boolean> =>
  (await finder.getKites({ username: 'bob' })).some(({ kite }) => kite.name === name);

/** Commands with the URL of a kite (MATH) or of Kontrol (KONTROL) that has no path, and what they print. */
const LINES: readonly (readonly [line: string, prints: RegExp])[] = [
  ['call square 4 --to MATH', /^16$/m],
  ['call square 4 --to MATH/', /^16$/m],
  ['call whoami --to MATH', /^"bob"$/m],
  ['tell --method square 4 --to MATH', /^16$/m],
  ['ping --to MATH', / ms$/m],
  ['describe --to MATH', /^square\t/m],
  ['bench square 4 --to MATH --duration 100ms', /^throughput\t/m],
  ['query --kontrol KONTROL', /\/bob\/prod\/math\//],
  ['token /bob/prod/math --kontrol KONTROL', /^eyJ/],
  ['call square 4 --to /bob/prod/math --kontrol KONTROL', /^16$/m],
  ['doctor --kontrol KONTROL', /^token\tok\t/m],
  ['top --kontrol KONTROL', /^math\t1\.0\.0\tprod\t/m],
  ['wait /bob/prod/math --kontrol KONTROL', /\/bob\/prod\/math\//],
];

/** Commands that run a server which registers at Kontrol (KONTROL) or a tunnel proxy (TUNNEL), the name it registers, and what it connects to. */
const SERVERS: readonly (readonly [
  line: string,
  name: string,
  connects: readonly ('KONTROL' | 'TUNNEL')[],
])[] = [
  ['serve kite.mjs --name served --register --kontrol KONTROL', 'served', ['KONTROL']],
  ['proxy start --port 0 --kontrol KONTROL', 'proxy', ['KONTROL']],
  ['proxy start --tunnel --port 0 --kontrol KONTROL', 'tunnelproxy', ['KONTROL']],
  ['expose MATH --name exposed --kontrol KONTROL', 'exposed', ['KONTROL']],
  ['expose MATH --name twice --kontrol KONTROL --to TUNNEL', 'twice', ['KONTROL', 'TUNNEL']],
];

/** The URLs in messages about a path that was added. */
const addedPaths = (stderr: string): string[] =>
  Array.from(
    stderr.matchAll(/There is no kite at (\S+?)\/?; connected to (\S+)$/gm),
    ([, url, at]) => `${url} ${at}`,
  );

describe('a URL without the path of a kite', () => {
  it.each(LINES)('kitectl %s tries /kite and reports it once', async (line, prints) => {
    const args = line.split(' ').map((word) => word.replace('MATH', math).replace('KONTROL', kontrol));
    const { code, stdout, stderr } = await network.cli.run(args);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^note: There is no kite at http:\/\/127\.0\.0\.1:\d+\/?; connected to http:\/\/127\.0\.0\.1:\d+\/kite\n$/,
      ) as string,
    });
    expect(stdout).toMatch(prints);
  });

  it.each(SERVERS)('kitectl %s registers at /kite and reports it once', async (line, name, connects) => {
    const tunnel = await startTunnelProxy(network.kontrol, { environment: 'unknown' });
    const origins = { MATH: math, KONTROL: kontrol, TUNNEL: new URL(tunnel.url).origin };
    const words = line
      .split(' ')
      .map((word) => (word in origins ? origins[word as keyof typeof origins] : word));
    const running = start(words);
    await vi.waitFor(async () => expect(await isRegistered(name)).toBe(true), {
      timeout: 30_000,
      interval: 10,
    });
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.outcome;
    expect(code).toBe(0);
    expect(addedPaths(stderr)).toEqual(connects.map((place) => `${origins[place]} ${origins[place]}/kite`));
  });

  it('a kite that uses Kontrol, such as one that "kitectl run" starts, tries /kite and warns once', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const env = { KITE_KONTROL_URL: kontrol };
    const kite = new Kite('programmed', '1.0.0', { kiteKey: network.jwt, env, logger });
    onTestFinished(() => kite.close());
    await kite.listen();
    await kite.register();
    expect(await isRegistered('programmed')).toBe(true);
    expect(await kite.getKites({ username: 'bob', environment: 'prod', name: 'math' })).toHaveLength(1);
    expect(warnings).toEqual([`There is no kite at ${kontrol}; connected to ${kontrol}/kite`]);
  });

  it('the error names the added path if a kite is there and refuses the connection', async () => {
    const server = createServer((request, response) =>
      response.writeHead(request.url?.startsWith('/kite') ? 503 : 404).end(),
    );
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await network.cli.run(['ping', '--to', url]);
    expect(code).toBe(6);
    expect(stderr).toContain(`Cannot connect to ${url}/kite: HTTP 503`);
  });

  it('the hint for a server that is not a kite suggests the path /kite only if the URL has another', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const hintFor = async (path: string) => (await network.cli.run(['ping', '--to', url + path])).stderr;
    expect(await hintFor('/other')).toContain('not a SockJS server\nhint: Try the path /kite.');
    expect(await hintFor('/kite')).toContain('not a SockJS server\nhint: Check the URL.');
  });

  it('the error for a server without a kite names the URL that the user has typed', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await network.cli.run(['call', 'square', '4', '--to', url]);
    expect(code).toBe(5);
    expect(stderr).toContain(`Cannot connect to ${url}/: no kite at this path (HTTP 404)`);
    expect(stderr).toContain(`hint: Check the URL: there is no kite at ${url}/kite either.`);
    expect(stderr).not.toContain('note:');
  });

  it('register tries /kite at a URL without a path', async () => {
    const args = ['register', '--to', kontrol, '--username', 'eve', '--context', 'eve', '--invite-file', '-'];
    const { code, stderr } = await network.cli.run(args, { input: 'wrong\n' });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^note: There is no kite at \S+; connected to \S+\/kite$/m);
    expect(stderr).toContain('hint: Get an invite from the operator of Kontrol');
  });
});
