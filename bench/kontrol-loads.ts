/** The loads that one user puts on a Kontrol. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { call, open, times, wait } from './attack.js';

/** How each response to a call begins. */
const RESPONSE = '{\\"method\\":1,';

export class Attacker {
  readonly #url: URL;
  readonly #authentication: object;
  #sessions = 0;

  constructor(url: URL, key: string) {
    this.#url = url;
    this.#authentication = { type: 'kiteKey', key };
  }

  open(): Promise<Socket> {
    return open(this.#url, this.#sessions++);
  }

  register(id: number, name: string): Buffer {
    const kite = {
      username: 'mallory',
      environment: 'prod',
      name,
      version: '1.0.0',
      region: 'eu',
      hostname: 'host',
      id: `00000000-0000-0000-0000-${String(id).padStart(12, '0')}`,
    };
    return this.#call('register', [{ url: 'http://10.0.0.1:3636/kite' }], kite);
  }

  query(query: object): Buffer {
    return this.#call('getKites', [{ query }]);
  }

  watch(query: object): Buffer {
    const callbacks = { 0: [0, 'withArgs', 0, 'watchCallback'] };
    return this.#call('getKites', [{ query, watchCallback: '[Function]' }], {}, callbacks);
  }

  #call(method: string, withArgs: unknown[], kite: object = {}, callbacks: object = {}): Buffer {
    return call(method, { kite, authentication: this.#authentication, withArgs }, callbacks);
  }
}

/** Resolves when `count` calls have been answered, or the connection has ended. */
function answers(socket: Socket, count: number): Promise<void> {
  let missing = count;
  let rest = '';
  return new Promise((resolve) => {
    socket.on('close', resolve);
    socket.on('data', (chunk: Buffer) => {
      const pieces = (rest + chunk.toString('latin1')).split(RESPONSE);
      missing -= pieces.length - 1;
      rest = pieces.at(-1)?.slice(1 - RESPONSE.length) ?? '';
      if (missing <= 0) resolve();
    });
  });
}

export async function registerMany(
  attacker: Attacker,
  count: number,
  connections: number,
  names: number,
): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => attacker.open()));
  const share = Math.ceil(count / connections);
  await Promise.all(
    sockets.map(async (socket, index) => {
      const all = answers(socket, share);
      await times(share, async (n) => {
        const id = index * share + n;
        if (!socket.write(attacker.register(id, `name${id % names}`))) await drained(socket);
      });
      await all;
    }),
  );
}

function drained(socket: Socket): Promise<unknown> {
  return Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}

/** The loads, by name. */
export const kontrolLoads: Readonly<Record<string, (url: URL, key: string) => Promise<void>>> = {
  'registrations of one user': async (url, key) => {
    const attacker = new Attacker(url, key);
    await registerMany(attacker, 15_000, 10, 15_000);
    const socket = await attacker.open();
    socket.write(attacker.query({ username: 'mallory' }));
    await answers(socket, 1);
    await wait(2000);
  },
  'queries of one user': async (url, key) => {
    const attacker = new Attacker(url, key);
    await registerMany(attacker, 6000, 1, 100);
    const query = attacker.query({ username: 'mallory' });
    await times(3, () =>
      Promise.all(
        Array.from({ length: 60 }, async () => {
          const socket = await attacker.open();
          const answered = answers(socket, 1);
          socket.write(query);
          await answered;
          socket.destroy();
        }),
      ),
    );
  },
  'watches that are not read': async (url, key) => {
    const attacker = new Attacker(url, key);
    const watch = attacker.watch({ username: 'mallory' });
    await times(100, async () => {
      const socket = await attacker.open();
      socket.pause();
      await times(1000, () => socket.write(watch));
    });
    await wait(5000);
    const socket = await attacker.open();
    await times(60, async (n) => {
      socket.write(attacker.register(n, `name${n}`));
      await wait(100);
    });
    await wait(2000);
  },
};
