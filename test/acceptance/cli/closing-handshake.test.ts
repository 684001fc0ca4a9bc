import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Cli, root } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { CONNECTING_COMMANDS, walkProblems } from '../../helpers/cli/connecting-commands.js';
import { freePort } from '../../helpers/process/free-port.js';
import { type SlowRelay, startSlowRelay } from '../../helpers/transport/slow-relay.js';

// A command that exits before the peer has answered its close frame resets the connection.

let network: Network;
let port: number;
let kite: SlowRelay;
let kontrol: SlowRelay;

beforeAll(async () => {
  network = await Network.create();
  const math = await network.register();
  const home = join(network.cli.home, 'kontrol');
  await writeKiteKeyFile(await network.keyOf('kontrol'), { home });
  port = Number(new URL(math.url).port);
  kite = await startSlowRelay(port);
  kontrol = await startSlowRelay(Number(new URL(network.kontrol.url).port));
});

afterAll(async () => {
  await kite.close();
  await kontrol.close();
  await network.close();
});

/** Commands that connect to the kite at URL, or to Kontrol at KONTROL, with their exit codes. */
const COMMANDS: readonly (readonly [line: string, code: number])[] = [
  ['call square 4 --to URL', 0],
  ['call square 4 --to URL --transport raw', 0],
  ['call square 4 --to URL --transport websocket', 0],
  ['call square 4 --to /bob/prod/math --all --kontrol KONTROL', 0],
  ['call fail --to URL', 1],
  ['call nosuch --to URL', 7],
  ['tell --to URL --method square 4', 0],
  ['ping --to URL', 0],
  ['describe --to URL', 0],
  ['bench echo x --to URL --duration 100ms', 0],
  ['shell --to URL', 0],
  ['query --kontrol KONTROL', 0],
  ['token /bob/prod/math --kontrol KONTROL', 0],
  ['top --once --kontrol KONTROL', 0],
  ['wait /bob/prod/math --kontrol KONTROL', 0],
  ['doctor --kontrol KONTROL', 0],
  ['register --to KONTROL --username eve --force --no-input', 2],
  ['proxy status --kontrol KONTROL', 5],
  ['kontrol status --kontrol KONTROL --key-file KEY', 0],
  ['kontrol invite eve --kontrol KONTROL --key-file KEY', 0],
  ['kontrol ui --kontrol KONTROL --key-file KEY', 7],
  ['kontrol keys list --kontrol KONTROL --key-file KEY', 0],
  ['kontrol keys revoke nothing --yes --kontrol KONTROL --key-file KEY', 5],
  ['kontrol users list --kontrol KONTROL --key-file KEY', 0],
  ['kontrol users show bob --kontrol KONTROL --key-file KEY', 0],
  ['kontrol users revoke zoe --yes --kontrol KONTROL --key-file KEY', 0],
  // The last one, because it changes the key pair.
  ['kontrol keys rotate --kontrol KONTROL --key-file KEY', 0],
];

const LEFT_OUT = { watch: 'runs until it is ended' };

describe('the connections of commands', () => {
  it.each(COMMANDS)(
    '%s finishes the closing handshake of each WebSocket before it exits',
    async (line, code) => {
      const before = [kite.connections.length, kontrol.connections.length] as const;
      const url = (relay: SlowRelay): string => `http://127.0.0.1:${relay.port}/kite`;
      const args = line
        .replace('KONTROL', url(kontrol))
        .replace('URL', url(kite))
        .replace('KEY', join(network.cli.home, 'kontrol', 'kite.key'))
        .split(' ');
      const outcome = await network.cli.run(args, { input: '' });
      const opened = [...kite.connections.slice(before[0]), ...kontrol.connections.slice(before[1])];
      const sockets = opened.filter(({ webSocket }) => webSocket);
      expect({ code: outcome.code, opened: sockets.length > 0 }, outcome.stderr).toEqual({
        code,
        opened: true,
      });
      await expect.poll(() => sockets.map(({ end }) => end)).toEqual(sockets.map(() => 'closed'));
    },
  );

  it('commands of every kind that connects are tried', () => {
    console.log(`Commands whose closing handshakes are watched: ${COMMANDS.length}`);
    const lines = COMMANDS.map(([line]) => line);
    expect(walkProblems([...CONNECTING_COMMANDS, 'register'], lines, LEFT_OUT)).toEqual([]);
  });

  it('a command exits although its peer does not answer the close frame', async () => {
    let muted = false;
    const relay = await startSlowRelay(port, (chunk) => {
      if (muted) return false;
      muted = chunk.toString('latin1').includes('pong');
      return true;
    });
    onTestFinished(() => relay.close());
    const { code, stderr } = await network.cli.run(['ping', '--to', `http://127.0.0.1:${relay.port}/kite`]);
    expect(code, stderr).toBe(0);
  });

  it('a server of kite.js survives the calls of commands', async () => {
    const port = await freePort();
    const script = `
      const { default: kitejs } = await import('kite.js');
      const server = new kitejs.KiteServer({
        name: 'theirs', auth: false, logLevel: 0, prefix: '/kite',
        serverClass: kitejs.KiteServer.transport.SockJS,
        api: { square: (n, done) => done(null, n * n) },
      });
      server.listen(${port});
      console.log('started');`;
    const server = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(server, 'exit');
    onTestFinished(async () => {
      server.kill();
      await exited;
    });
    await once(server.stdout, 'data');
    const relay = await startSlowRelay(port);
    onTestFinished(() => relay.close());
    const cli = await Cli.create();
    for (let calls = 0; calls < 3; calls++) {
      const url = `http://127.0.0.1:${relay.port}/kite`;
      const outcome = await cli.run(['call', 'square', '4', '--to', url, '--transport', 'websocket']);
      expect(outcome).toMatchObject({ code: 0, stdout: '16\n' });
    }
    expect(relay.connections.map(({ end }) => end)).toEqual(['closed', 'closed', 'closed']);
    expect(server.exitCode).toBeNull();
  });
});
