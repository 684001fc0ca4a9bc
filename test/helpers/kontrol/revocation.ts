import { expect, onTestFinished } from 'vitest';
import { type Client, Kite } from '../../../src/lib/index.js';
import type { Auth } from '../../../src/lib/kite/call/client.js';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import type { AnyMethods } from '../../../src/lib/kite/call/method-types.js';
import type { Peer } from '../../../src/lib/kite/call/peer.js';
import { openPolicy } from '../../../src/lib/kontrol/policy/policy.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from './kontrol.js';

/** What ended how long after `revoke` had returned, in milliseconds. */
export interface RevocationResult {
  readonly kites: number;
  /** Connections that the revoked credentials had opened and that ended. */
  readonly ended: number;
  /** Connections that the kites had dialed, over which the revoked credentials called back, and that ended. */
  readonly dialed: number;
  /** When the last call with them passed. */
  readonly lastCall: number;
  /** When the last connection ended. */
  readonly lastEnd: number;
}

/** Two nodes of Kontrol on one store, with a kite of each user at each node. */
async function startNodes(makeStorage: () => Storage, kitesPerNode: number) {
  const start = async (): Promise<Kontrol> =>
    (await startKontrol({ storage: makeStorage(), keyPair: undefined, policy: openPolicy() })).kontrol;
  const nodes = [await start(), await start()];
  const kites: Kite[] = [];
  for (const kontrol of nodes) {
    for (let n = 0; n < kitesPerNode; n++) {
      const username = n % 2 === 0 ? 'bob' : 'alice';
      kites.push(await startKite(kontrol, username, `math${n}`));
    }
  }
  return { nodes, kites };
}

async function startKite(kontrol: Kontrol, username: string, name: string): Promise<Kite> {
  const kite = new Kite(name, '1.0.0', {
    kiteKey: await kontrol.newKiteKey(username),
    kontrolUrl: kontrol.url,
    environment: 'prod',
    port: 0,
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  kite.handle('square', ({ args: [n] }) => (n as number) ** 2);
  await kite.listen();
  await kite.registerForever();
  return kite;
}

/** Dials a kite, and makes one call with these credentials. */
async function dial(caller: Kite, kite: Kite, auth: Auth): Promise<Client> {
  const client = caller.newClient(kite.url ?? '', { auth });
  await client.dial();
  expect(await client.tell('square', 4)).toBe(16);
  return client;
}

/** The end of a connection that calls. */
type Calling = Pick<Peer<AnyMethods, Record<string, unknown[]>>, 'tell'>;

/**
 * Lets each kite dial a kite of the caller's, which then calls back with these credentials, once. Returns the clients of the
 * kites, and the ends that call.
 */
async function dialBack(
  server: Kite,
  kites: readonly Kite[],
  authFor: (kite: Kite) => Auth,
): Promise<{ readonly clients: Client[]; readonly calling: Calling[] }> {
  const clients: Client[] = [];
  const calling: Calling[] = [];
  for (const kite of kites) {
    const connected = new Promise<Calling>((resolve) => {
      server.once('connect', (peer) => {
        (peer as unknown as Connection).setAuth(authFor(kite));
        resolve(peer);
      });
    });
    const client = kite.newClient(server.url ?? '');
    await client.dial();
    const peer = await connected;
    expect(await peer.tell('square', 4)).toBe(16);
    clients.push(client);
    calling.push(peer);
  }
  return { clients, calling };
}

function ended(clients: readonly Client[]): Promise<void>[] {
  return clients.map((client) => new Promise((resolve) => client.on('disconnect', () => resolve())));
}

/** Calls on each connection in turn, until it fails on all. Resolves with the time of the last call that passed. */
async function callUntilRefused(clients: readonly Calling[]): Promise<number> {
  let last = performance.now();
  const calling = new Set(clients);
  while (calling.size > 0) {
    for (const client of calling) {
      try {
        await client.tell('square', 4);
        last = performance.now();
      } catch {
        calling.delete(client);
      }
    }
  }
  return last;
}

/**
 * Revokes a kite key of bob's at one of two nodes while connections that use it, or tokens issued for it, call kites at both:
 * those that were opened with it, and those that the kites have dialed.
 * Resolves when all of them have ended. Checks that nothing passes with the key from then on, and that other keys still work.
 * `revokeUser`: revokes all of bob's kite keys instead.
 */
export async function revokeWhileCalling(
  makeStorage: () => Storage,
  kitesPerNode: number,
  revokeUser?: (kontrol: Kontrol) => Promise<void>,
): Promise<RevocationResult> {
  const { nodes, kites } = await startNodes(makeStorage, kitesPerNode);
  const [first, second] = nodes as [Kontrol, Kontrol];
  const key = parseKiteKey(await first.newKiteKey('bob'));
  const caller = (kontrol: Kontrol, kiteKey: string): Kite => {
    const kite = new Kite('caller', '1.0.0', {
      kiteKey,
      kontrolUrl: kontrol.url,
      env: {},
      logger: silentLogger,
    });
    onTestFinished(() => kite.close());
    return kite;
  };
  const bob = caller(second, key.jwt);
  const found = await bob.getKites({});
  const authFor = (kite: Kite): Auth => {
    const token = found.find((remote) => remote.kite.id === kite.identity.id)?.token;
    if (token === undefined) throw new Error(`${kite.identity.name} is not found`);
    const isOwn = kite.config.username === 'bob';
    return isOwn ? { type: 'kiteKey', key: key.jwt } : { type: 'token', key: token };
  };
  const clients = await Promise.all(kites.map((kite) => dial(bob, kite, authFor(kite))));
  const server = await startKite(first, 'carol', 'server');
  const back = await dialBack(server, kites, authFor);
  const [ends, dialedEnds] = [ended(clients), ended(back.clients)];
  const stays = revokeUser ? 'alice' : 'bob';
  const otherKey = await first.newKiteKey(stays);
  const other = caller(first, otherKey);
  const ofOther = kites.find(({ config }) => config.username === stays);
  const staying = await dial(other, ofOther as Kite, { type: 'kiteKey', key: otherKey });
  const watch = await bob.watchKites({}, () => undefined);
  expect(watch.kites.length).toBeGreaterThan(kites.length);
  const calls = callUntilRefused([...clients, ...back.calling]);
  await (revokeUser ? revokeUser(first) : first.revokeKiteKey(key.id));
  const returned = performance.now();
  const lastCall = (await calls) - returned;
  await Promise.all([...ends, ...dialedEnds]);
  const lastEnd = performance.now() - returned;
  for (const kite of kites) {
    const again = bob.newClient(kite.url ?? '', { auth: authFor(kite) });
    await again.dial();
    await expect(again.tell('square', 4)).rejects.toMatchObject({ type: 'authenticationError' });
  }
  await expect(bob.getKites({})).rejects.toMatchObject({ code: 'kiteKeyRevoked' });
  watch.cancel();
  expect(await staying.tell('square', 4)).toBe(16);
  return { kites: kites.length, ended: ends.length, dialed: dialedEnds.length, lastCall, lastEnd };
}
