import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { readKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { peakMemory } from '../../helpers/process/peak-memory.js';

const KITES = 6000;
const CONNECTIONS = 30;

/** Returns a connection that sends calls as they are on the wire. */
async function connect(url: string, key: string) {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/websocket`, { perMessageDeflate: false });
  onTestFinished(() => ws.terminate());
  await new Promise<void>((resolve, reject) => ws.once('open', resolve).once('error', reject));
  const call = (method: string, argument: unknown): void => {
    const authentication = { type: 'kiteKey', key };
    const kite = testIdentity({ username: 'kontrol', id: randomUUID() });
    const request = { kite, authentication, withArgs: [argument], responseCallback: '[Function]' };
    ws.send(
      JSON.stringify({
        method,
        arguments: [request],
        callbacks: { 0: ['0', 'responseCallback'] },
        links: [],
      }),
    );
  };
  return { ws, call };
}

describe('the memory of kontrol start', () => {
  it.runIf(process.platform === 'linux')(
    `callers that do not read the list of ${KITES} kites do not make it use more than 400 MiB`,
    async () => {
      const cli = await Cli.create();
      onTestFinished(() => cli.remove());
      const port = String(await freePort());
      const url = `http://127.0.0.1:${port}/kite`;
      const kontrol = cli.start(['kontrol', 'start', '--port', port]);
      onTestFinished(async () => {
        kontrol.child.kill('SIGTERM');
        await kontrol.outcome;
      });
      await kontrol.until(({ stderr }) => stderr.includes('Kontrol listens at'));
      const { jwt } = readKiteKeyFile(join(cli.home, '.kite', 'kontrol', 'kite.key'));
      const kites = await connect(url, jwt);
      let answers = 0;
      const registered = new Promise<void>((resolve) => {
        kites.ws.on('message', () => {
          if (++answers === KITES) resolve();
        });
      });
      // A list of 6 MiB, which no socket of the system takes whole.
      const path = 'x'.repeat(500);
      for (let n = 0; n < KITES; n++) kites.call('register', { url: `http://127.0.0.1:${1000 + n}/${path}` });
      await registered;
      for (let n = 0; n < CONNECTIONS; n++) {
        const { ws, call } = await connect(url, jwt);
        ws.pause();
        call('getKites', { query: { username: 'kontrol' } });
      }
      // The queries of a user are answered in order, so that this answer is the last one.
      const last = await connect(url, jwt);
      const answered = new Promise<void>((resolve) => last.ws.once('message', () => resolve()));
      last.call('getKites', { query: { username: 'kontrol', environment: 'none' } });
      await answered;
      const peak = await peakMemory(kontrol.child.pid);
      console.log(`kontrol start: ${Math.round(peak)} MiB for ${CONNECTIONS} unread lists of ${KITES} kites`);
      expect(peak).toBeLessThan(400);
    },
  );
});
