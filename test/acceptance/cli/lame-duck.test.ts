import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../helpers/process/free-port.js';
import { SIGNALS } from '../../helpers/process/signals.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { request } from '../../helpers/transport/http.js';

const METHOD = ['--name', 'math', '--method', 'echo', '--exec', 'cat'];

let cli: Cli;
let kontrol: Running;
let kontrolUrl: string;

/** The URL that a server prints when it listens. */
async function listening(server: Running): Promise<string> {
  await server.until(({ stdout }) => stdout.includes('\n'));
  const { url } = JSON.parse(server.stdout.split('\n')[0] ?? '') as { url: string };
  return url;
}

beforeAll(async () => {
  cli = await Cli.create();
  kontrol = cli.start(['kontrol', 'start', '--json', '--port', String(await freePort())]);
  kontrolUrl = await listening(kontrol);
});

afterAll(async () => {
  kontrol.child.kill('SIGTERM');
  await kontrol.outcome;
  await cli.remove();
});

describe('--lame-duck', () => {
  it.each([
    ['serve', ['serve', ...METHOD, '--no-auth']],
    ['kontrol start', ['kontrol', 'start']],
    ['proxy start', ['proxy', 'start']],
  ])(
    '%s serves its callers after SIGTERM, until the time of --lame-duck or a second signal',
    async (name, args) => {
      // The key of another Kontrol is of no use to the proxy.
      const own = name === 'kontrol start' ? { KITE_HOME: join(cli.home, 'another') } : {};
      const env = { KITE_KONTROL_URL: kontrolUrl, ...own };
      const server = cli.start([...args, '--json', '--port', '0', '--lame-duck', '1h'], { env });
      onTestFinished(async () => {
        server.child.kill('SIGKILL');
        await server.outcome;
      });
      const url = await listening(server);
      const origin = new URL(url).origin;
      await expect.poll(async () => (await request('GET', `${origin}/readyz`)).status).toBe(200);
      const ping = ['ping', '--to', url, '--count', '1'];
      expect(await cli.run(ping)).toMatchObject({ code: 0 });
      server.child.kill('SIGTERM');
      await expect.poll(async () => (await request('GET', `${origin}/readyz`)).status).toBe(503);
      expect(await cli.run(ping)).toMatchObject({ code: 0 });
      server.child.kill('SIGTERM');
      expect((await server.outcome).code).toBe(SIGNALS.SIGTERM);
    },
  );

  it('serve whose port is in use does not wait for the time of --lame-duck', async () => {
    const { port } = new URL(kontrolUrl);
    const { code, stderr } = await cli.run([
      'serve',
      ...METHOD,
      '--no-auth',
      '--port',
      port,
      '--lame-duck',
      '1h',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('the port is in use');
  });
});
