import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

/** An address of this machine that is not loopback, like that of a kite on another machine. */
const remoteAddress = Object.values(os.networkInterfaces())
  .flat()
  .find((face) => face?.family === 'IPv4' && !face.internal)?.address;

let cli: Cli;
let jwt: string;
let remote: TestKite;

beforeAll(async () => {
  cli = await Cli.create();
  const keyPair = await generateKeyPair();
  jwt = newKiteKey({
    username: 'alice',
    kontrolUser: 'kontrol',
    kontrolUrl: 'http://kontrol.example.com:4000/kite',
    keyPair,
    id: 'the-id-of-the-key',
    clock: systemClock,
  });
  await writeKiteKeyFile(jwt, { home: join(cli.home, '.kite') });
  remote = new TestKite({ kiteKey: jwt, ip: remoteAddress === undefined ? '127.0.0.1' : '0.0.0.0' });
  await remote.kite.listen();
});

afterAll(async () => {
  await remote.kite.close();
  await cli.remove();
});

const at = (host: string): string => `http://${host}:${remote.kite.port}/kite`;

describe('the kite key', () => {
  it('the kite key is sent to a kite on this machine', async () => {
    expect(await cli.run(['call', 'whoami', '--to', at('127.0.0.1')])).toEqual({
      code: 0,
      stdout: '"alice"\n',
      stderr: '',
    });
    expect((await cli.run(['call', 'whoami', '--to', at('localhost')])).stdout).toBe('"alice"\n');
  });

  it('the kite key is not sent with --auth none', async () => {
    expect((await cli.run(['call', 'whoami', '--auth', 'none', '--to', at('127.0.0.1')])).code).toBe(4);
  });

  it.skipIf(remoteAddress === undefined)(
    'the kite key is sent to another machine only with --auth',
    async () => {
      const to = ['--to', at(remoteAddress ?? '')];
      const refused = await cli.run(['call', 'whoami', ...to]);
      expect(refused).toMatchObject({ code: 4, stdout: '' });
      expect(refused.stderr).toContain('--auth kite-key');
      expect((await cli.run(['call', 'whoami', '--auth', 'kite-key', ...to])).stdout).toBe('"alice"\n');
    },
  );

  it('the kite key of --key-file is not sent to another machine without --auth', async () => {
    const { code, stderr } = await cli.run([
      'call',
      'square',
      '4',
      '--key-file',
      'k',
      '--to',
      'http://192.0.2.1/kite',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('Add --auth kite-key');
  });

  it('the kite key is read from the file of --key-file', async () => {
    const file = join(cli.home, 'other.key');
    await writeFile(file, jwt, { mode: 0o400 });
    const env = { KITE_HOME: join(cli.home, 'empty') };
    expect((await cli.run(['call', 'whoami', '--to', at('127.0.0.1')], { env })).code).toBe(4);
    expect(
      (await cli.run(['call', 'whoami', '--key-file', file, '--to', at('127.0.0.1')], { env })).stdout,
    ).toBe('"alice"\n');
  });

  it('a kite key that the remote rejects is reported with a hint', async () => {
    const stranger = new TestKite();
    await stranger.kite.listen();
    const { code, stderr } = await cli.run(['call', 'whoami', '--to', stranger.url]);
    expect(code).toBe(4);
    expect(stderr).toContain('kitectl showkey');
    expect(stderr).not.toContain(jwt);
    await stranger.kite.close();
  });
});

describe('showkey', () => {
  it('showkey prints the claims as a table', async () => {
    const { code, stdout, stderr } = await cli.run(['showkey']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const text of [
      'alice',
      'kontrol',
      'http://kontrol.example.com:4000/kite',
      'the-id-of-the-key',
      'SHA256:',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain(join(cli.home, '.kite', 'kite.key'));
  });

  it('showkey prints the claims as JSON under their own names', async () => {
    const claims = JSON.parse((await cli.run(['showkey', '--json'])).stdout) as Record<string, unknown>;
    expect(claims).toMatchObject({ sub: 'alice', iss: 'kontrol', jti: 'the-id-of-the-key' });
    expect(Object.keys(claims)).toEqual(['sub', 'iss', 'kontrolURL', 'kontrolKey', 'jti', 'iat', 'exp']);
  });

  it('showkey never prints the key or its signature', async () => {
    const secrets = [jwt, ...jwt.split('.')];
    for (const args of [['showkey'], ['showkey', '--json']]) {
      const { stdout, stderr } = await cli.run(args);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
    expect(await readFile(join(cli.home, '.kite', 'kite.key'), 'utf8')).toContain(jwt);
  });

  it.each([60, 100])('showkey fits a terminal of %i columns and is bold there', async (columns) => {
    const { code, stdout } = await cli.terminal(['showkey'], columns);
    expect(code).toBe(0);
    expect(stdout).toContain('\u001b[1m');
    // oxlint-disable-next-line no-control-regex -- colors take no width
    const widths = stdout.split('\n').map((line) => line.replaceAll(/\u001b\[\d+m/g, '').length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    expect((await cli.terminal(['showkey', '--no-color'], columns)).stdout).not.toContain('\u001b');
  });
});
