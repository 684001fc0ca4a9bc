import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/lib/util/clock.js';
import {
  generateKeyPair,
  newKiteKey,
  parseKiteKey,
  selfSignedCertificate,
  writeKiteKeyFile,
} from '../../../src/lib/keys/index.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import type { Cli } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let cli: Cli;

beforeAll(async () => {
  network = await Network.create();
  ({ cli } = network);
});

afterAll(() => network.close());

type Results = Record<string, { result: string; detail: string; hint: string }>;

async function doctor(
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<{ code: number | null; results: Results }> {
  const { code, stdout } = await cli.run(['doctor', '-o', 'ndjson', ...args], { env });
  const lines = stdout.trimEnd().split('\n');
  const found = lines.map((line) => JSON.parse(line) as { check: string } & Results[string]);
  return { code, results: Object.fromEntries(found.map(({ check, ...rest }) => [check, rest])) };
}

/** A server instead of Kontrol, with the given clock. */
async function serverAt(date: string): Promise<string> {
  const server = createHttp((_request, response) => {
    response.sendDate = false;
    response.writeHead(200, { date }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`;
}

describe('doctor', () => {
  it('doctor reports no failures for a working setup, and leaves nothing behind', async () => {
    const { code, results } = await doctor();
    expect(code).toBe(0);
    expect(Object.entries(results).map(([check, { result }]) => [check, result])).toEqual([
      ['kite key', 'ok'],
      ['context', 'ok'],
      ['kite home', 'ok'],
      ['TLS', 'ok'],
      ['clock', 'ok'],
      ['storage', 'ok'],
      ['Kontrol', 'ok'],
      ['token', 'ok'],
    ]);
    expect(results['kite key']?.detail).toContain('mode 0400');
    await expect.poll(async () => (await cli.run(['query', '/bob/unknown/kitectl-doctor'])).code).toBe(5);
    expect((await cli.terminal(['doctor'], 120)).stdout).toContain('│ token');
  });

  it('doctor warns about a kite key that expires soon, and fails with exit code 4 for one that has expired', async () => {
    const DAY = 24 * 3_600_000;
    const keyPair = await generateKeyPair();
    const resultOf = async (age: number) => {
      const now = Date.now();
      const clock = { ...systemClock, now: () => now - age };
      const owner = { username: 'bob', kontrolUser: 'kontrol', kontrolUrl: 'http://127.0.0.1:1/kite' };
      const home = temporaryFolder();
      const file = await writeKiteKeyFile(newKiteKey({ ...owner, keyPair, ttl: 90 * DAY, clock }), { home });
      const { code, results } = await doctor(['--key-file', file]);
      return { code, ...results['kite key'] };
    };
    expect(await resultOf(DAY)).toMatchObject({ result: 'ok', hint: '' });
    const soon = await resultOf(80 * DAY);
    expect(soon).toMatchObject({
      result: 'warning',
      detail: expect.stringContaining('expires at 20') as string,
    });
    expect(soon.hint).toContain('A kite that registers renews its key');
    const expired = await resultOf(91 * DAY);
    expect(expired).toMatchObject({ code: 4, result: 'failed' });
    expect(expired.hint).toContain('kitectl register --force');
  });

  it('doctor reports an invalid kite key and exits with its code', async () => {
    const none = await doctor([], { KITE_HOME: join(cli.home, 'nobody') });
    expect(none.code).toBe(3);
    expect(none.results['kite key']).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('register') as string,
    });
    expect(none.results['Kontrol']?.result).toBe('skipped');
    const home = temporaryFolder();
    const file = await writeKiteKeyFile(network.jwt, { home });
    await chmod(file, 0o444);
    const open = await doctor([], { KITE_HOME: home });
    expect(open.code).toBe(3);
    expect(open.results['kite key']?.detail).toContain(`chmod 400 ${file}`);
    await chmod(file, 0o400);
    await chmod(home, 0o777);
    const folder = await doctor([], { KITE_HOME: home });
    expect(folder.code).toBe(3);
    expect(folder.results['kite key']).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining(`chmod 700 ${home}`) as string,
    });
  });

  it('doctor reports an unreachable Kontrol with exit code 6', async () => {
    const { code, results } = await doctor(['--kontrol', 'http://127.0.0.1:1/kite']);
    expect(code).toBe(6);
    expect(results['server']?.result).toBe('failed');
    const { stderr } = await cli.run(['doctor', '--kontrol', 'http://127.0.0.1:1/kite']);
    expect(stderr).toContain('error: 1 check failed: server.');
  });

  it('doctor measures the clock difference to Kontrol', async () => {
    const ahead = new Date(Date.now() - 120_000).toUTCString();
    const far = await doctor(['--kontrol', await serverAt(ahead)]);
    expect(far.results['clock']).toMatchObject({ result: 'warning' });
    expect(far.results['clock']?.detail).toMatch(/^1[12]\d s ahead of Kontrol's$/);
    const too = await doctor(['--kontrol', await serverAt(new Date(Date.now() + 3_600_000).toUTCString())]);
    expect(too.results['clock']).toMatchObject({ result: 'failed' });
    expect(too.results['clock']?.detail).toContain('behind Kontrol');
    expect(too.code).toBe(3);
  });

  it('doctor checks the certificate of a Kontrol with TLS', async () => {
    const keys = await generateKeyPair();
    const cert = await selfSignedCertificate({ hosts: ['localhost', '127.0.0.1'], days: 5, keys });
    const secure = await Network.create({ tls: { cert, key: keys.privateKey } });
    onTestFinished(() => secure.close());
    const file = join(secure.cli.home, '.kite', 'kite.key');
    const { code, results } = await doctor(['--key-file', file]);
    expect(code).toBe(6);
    expect(results['TLS']).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
    });
  });

  it('doctor reports that Kontrol rejects the kite key', async () => {
    const other = await Network.create();
    onTestFinished(() => other.close());
    const file = join(other.cli.home, '.kite', 'kite.key');
    await other.kontrol.revokeKiteKey(parseKiteKey(other.jwt).id);
    const { code, results } = await doctor(['--key-file', file]);
    expect(code).toBe(4);
    expect(results['Kontrol']?.result).toBe('failed');
    expect(results['token']).toBeUndefined();
  });
});
