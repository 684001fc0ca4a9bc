import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Registration,
  type Storage,
  type StorageChange,
  StorageError,
} from '../../../src/lib/kontrol/storage/shared/storage.js';
import { credential, idOf, NOW, PAIR, registration } from './storage-conformance.js';

/** A store that several nodes use at the same time, and its server. */
export interface SharedStore {
  readonly name: string;
  /** The missing dependency of the suite, for the titles of its skipped tests. Undefined: the tests run. */
  readonly missing?: string | undefined;
  /** Milliseconds after which calls of its stores must have failed, whatever the server does. */
  readonly deadline: number;
  /** The store of a node, not open yet. All stores of one test share their data, which is empty at the start. */
  make(): Storage;
  /** Kills the server with SIGKILL. */
  kill(): Promise<void>;
  /** Starts the server again with its existing data. Resolves once it answers. */
  start(): Promise<void>;
  /** Stops every process of the server with SIGSTOP: it accepts connections and does not answer. */
  freeze(): void;
  /** Resumes a frozen server. */
  thaw(): void;
}

/** A node is notified of changes of another within a second. */
const SOON = { timeout: 1000, interval: 10 };
/** Thousands take a little longer on a busy machine. */
const THOUSANDS_SOON = { timeout: 3000, interval: 10 };
/** The time until everything works again after the server is back. */
const HEALED = { timeout: 10_000, interval: 100 };

interface Node {
  readonly storage: Storage;
  readonly changes: StorageChange[];
  readonly stop: () => void;
}

/** The contract of every store that several nodes share. */
export function sharedStorageConformance(store: SharedStore): void {
  const { name, missing } = store;
  const skipped = missing === undefined ? '' : ` (skipped: there is no ${missing} here)`;
  describe.skipIf(missing !== undefined)(`the ${name} store, shared by nodes${skipped}`, () => {
    const open: Storage[] = [];
    const node = async (): Promise<Node> => {
      const storage = store.make();
      open.push(storage);
      await storage.open();
      const changes: StorageChange[] = [];
      const stop = storage.watch((change) => changes.push(change));
      return { storage, changes, stop };
    };
    let a: Node;
    let b: Node;
    beforeEach(async () => {
      a = await node();
      await a.storage.putKeyPair(PAIR);
      b = await node();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((storage) => storage.close()));
    });
    changesAreTold(() => [a, b]);
    racesHaveOneWinner(() => [a, b]);
    outagesEnd(store, () => [a, b]);
  });
}

function changesAreTold(nodes: () => readonly [Node, Node]): void {
  it('a shared store notifies each node of entries that one puts, refreshes and deletes', async () => {
    const [a, b] = nodes();
    await a.storage.put(registration(), NOW);
    await expect
      .poll(() => [lastOf(a, idOf(1)), lastOf(b, idOf(1))], SOON)
      .toEqual([registration(), registration()]);
    await a.storage.refresh([idOf(1)], NOW + 500_000);
    await expect.poll(() => lastOf(b, idOf(1)), SOON).toEqual(registration({ expiresAt: NOW + 500_000 }));
    await b.storage.put(registration({ url: 'http://other/kite' }), NOW);
    await expect.poll(() => lastOf(a, idOf(1)), SOON).toEqual(registration({ url: 'http://other/kite' }));
    await a.storage.delete(idOf(1), { url: 'http://other/kite' });
    await expect.poll(() => [lastOf(a, idOf(1)), lastOf(b, idOf(1))], SOON).toEqual(['deleted', 'deleted']);
  });

  it('a shared store notifies each node of entries that one marks as silent, and that are refreshed then', async () => {
    const [a, b] = nodes();
    await a.storage.put(registration(), NOW);
    await a.storage.silence([{ id: idOf(1), silentSince: NOW + 1, expiresAt: NOW + 90_000 }]);
    const silent = registration({ silentSince: NOW + 1 });
    await expect.poll(() => [lastOf(a, idOf(1)), lastOf(b, idOf(1))], SOON).toEqual([silent, silent]);
    await b.storage.refresh([idOf(1)], NOW + 95_000);
    await expect.poll(() => lastOf(a, idOf(1)), SOON).toEqual(registration({ expiresAt: NOW + 95_000 }));
    await a.storage.silence([{ id: idOf(1), silentSince: NOW + 2, expiresAt: NOW + 90_000 }]);
    await b.storage.put(registration({ expiresAt: NOW + 96_000 }), NOW);
    await expect.poll(() => lastOf(a, idOf(1)), SOON).toEqual(registration({ expiresAt: NOW + 96_000 }));
  });

  it('a shared store notifies the nodes of thousands of entries that are refreshed at once', async () => {
    const [a, b] = nodes();
    const ids = Array.from({ length: 2500 }, (_, n) => idOf(n));
    await Promise.all(ids.map((id) => a.storage.put(registration({ id }), NOW)));
    await expect.poll(() => notifiedCount(b, ids, NOW + 90_000), THOUSANDS_SOON).toEqual(ids.length);
    for (let start = 0; start < ids.length; start += 1000) {
      await a.storage.refresh(ids.slice(start, start + 1000), NOW + 500_000);
    }
    await expect.poll(() => notifiedCount(b, ids, NOW + 500_000), THOUSANDS_SOON).toEqual(ids.length);
  });

  it('a shared store notifies the nodes of changed keys', async () => {
    const [a, b] = nodes();
    const count = ({ changes }: Node): number => changes.filter(({ type }) => type === 'keys').length;
    b.changes.length = 0;
    await a.storage.putKeyPair({ ...PAIR, state: 'retired' });
    await expect.poll(() => count(b), SOON).toBeGreaterThan(0);
    expect(await b.storage.keyPairs()).toEqual([{ ...PAIR, state: 'retired' }]);
    b.changes.length = 0;
    await a.storage.revokeKiteKey('jti-1');
    await expect.poll(() => count(b), SOON).toBeGreaterThan(0);
    expect(await b.storage.revokedKiteKeys()).toEqual(['jti-1']);
  });

  it('a shared store does not notify a listener that was removed', async () => {
    const [a, b] = nodes();
    b.stop();
    await a.storage.put(registration(), NOW);
    await expect.poll(() => lastOf(a, idOf(1)), SOON).toEqual(registration());
    expect(b.changes.filter(({ type }) => type === 'put')).toEqual([]);
  });
}

function racesHaveOneWinner(nodes: () => readonly [Node, Node]): void {
  it('a shared store gives each id to one of two users who register it at two nodes at the same time', async () => {
    const [a, b] = nodes();
    const ids = Array.from({ length: 50 }, (_, n) => idOf(n));
    const put = ({ storage }: Node, username: string) =>
      Promise.all(ids.map((id) => storage.put(registration({ id, username }), NOW)));
    const [bobs, alices] = await Promise.all([put(a, 'bob'), put(b, 'alice')]);
    expect(ids.map((_, n) => [bobs[n], alices[n]].toSorted(byName))).toEqual(ids.map(() => ['ok', 'taken']));
    const owners = new Map((await a.storage.registrations()).map(({ kite }) => [kite.id, kite.username]));
    expect(ids.map((id) => owners.get(id))).toEqual(ids.map((_, n) => (bobs[n] === 'ok' ? 'bob' : 'alice')));
  });

  it('a shared store gives each expired id to one of two users who register it', async () => {
    const [a, b] = nodes();
    const ids = Array.from({ length: 50 }, (_, n) => idOf(n));
    await Promise.all(ids.map((id) => a.storage.put(registration({ id, username: 'carol' }), NOW)));
    const later = NOW + 90_000;
    const put = ({ storage }: Node, username: string) =>
      Promise.all(
        ids.map((id) => storage.put(registration({ id, username, expiresAt: later + 90_000 }), later)),
      );
    const [bobs, alices] = await Promise.all([put(a, 'bob'), put(b, 'alice')]);
    expect(ids.map((_, n) => [bobs[n], alices[n]].toSorted(byName))).toEqual(ids.map(() => ['ok', 'taken']));
  });

  it('a shared store keeps a kite that registers at one node while the other removes its old entry', async () => {
    const [a, b] = nodes();
    const kept: (string | undefined)[] = [];
    for (let turns = 0; turns < 50; turns++) {
      await a.storage.put(registration({ node: 'a' }), NOW);
      // Its URL stays the same.
      const moving = b.storage.put(registration({ node: 'b' }), NOW);
      await overlap(turns);
      await Promise.all([moving, a.storage.delete(idOf(1), { url: registration().url, node: 'a' })]);
      kept.push((await b.storage.registrations())[0]?.node);
    }
    expect(new Set(kept)).toEqual(new Set(['b']));
  });

  it('a shared store keeps the expiry of a kite that registers at one node while the other refreshes its old entry', async () => {
    const [a, b] = nodes();
    const kept: (number | undefined)[] = [];
    for (let turns = 0; turns < 50; turns++) {
      await a.storage.put(registration({ node: 'a' }), NOW);
      const moving = b.storage.put(registration({ node: 'b', expiresAt: NOW + 95_000 }), NOW);
      await overlap(turns);
      await Promise.all([moving, a.storage.refresh([idOf(1)], NOW + 500_000, 'a')]);
      kept.push((await b.storage.registrations())[0]?.expiresAt);
    }
    expect(new Set(kept)).toEqual(new Set([NOW + 95_000]));
  });

  it('a shared store lets a kite move, whatever its former node writes after it was frozen', async () => {
    const [a, b] = nodes();
    const [former, latter] = [
      registration({ node: 'a' }),
      registration({ node: 'b', expiresAt: NOW + 95_000 }),
    ];
    const late = {
      refresh: () => a.storage.refresh([idOf(1)], NOW + 500_000, 'a'),
      silence: () =>
        a.storage.silence([{ id: idOf(1), silentSince: NOW, expiresAt: NOW + 500_000, node: 'a' }]),
      delete: () => a.storage.delete(idOf(1), { url: former.url, node: 'a' }),
      restore: () => a.storage.put(former, NOW, true),
    };
    for (const [name, write] of Object.entries(late)) {
      await a.storage.put(former, NOW);
      await b.storage.put(latter, NOW);
      await write();
      expect([name, ...(await a.storage.registrations())]).toEqual([name, latter]);
      await expect.poll(() => [lastOf(a, idOf(1)), lastOf(b, idOf(1))], SOON).toEqual([latter, latter]);
    }
    await b.storage.refresh([idOf(1)], NOW + 600_000, 'b');
    const refreshed = { ...latter, expiresAt: NOW + 600_000 };
    await expect.poll(() => lastOf(a, idOf(1)), SOON).toEqual(refreshed);
    expect(await a.storage.registrations()).toEqual([refreshed]);
  });

  it('a shared store lets one of two nodes redeem an invite', async () => {
    const [a, b] = nodes();
    for (let round = 0; round < 10; round++) {
      const invite = { hash: `hash-${round}`, username: 'bob', expiresAt: NOW + 1000 };
      await a.storage.putInvite(invite);
      const takers = await Promise.all([a, b].map(({ storage }) => storage.takeInvite(invite.hash, NOW)));
      expect(takers.filter((taken) => taken !== undefined)).toEqual([invite]);
    }
  });
}

/** Waits a little longer each time, so that two calls overlap at every point. */
async function overlap(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function outagesEnd(store: SharedStore, nodes: () => readonly [Node, Node]): void {
  it('a shared store reports in time that its server was killed, and recovers when it is back', async () => {
    const [a, b] = nodes();
    await a.storage.put(registration(), NOW);
    await store.kill();
    try {
      await everythingIsRefused(a.storage, store.deadline);
    } finally {
      await store.start();
    }
    await works(a.storage);
    await expect
      .poll(() => [a, b].every(({ changes }) => changes.some(({ type }) => type === 'reload')), HEALED)
      .toEqual(true);
    expect(await b.storage.registrations()).toContainEqual(registration());
    await a.storage.put(registration({ id: idOf(2) }), NOW);
    await expect.poll(() => lastOf(b, idOf(2)), SOON).toEqual(registration({ id: idOf(2) }));
  });

  it('a shared store reports in time that its server does not answer, and recovers when it does', async () => {
    const [a, b] = nodes();
    await a.storage.put(registration(), NOW);
    store.freeze();
    try {
      await everythingIsRefused(a.storage, store.deadline);
    } finally {
      store.thaw();
    }
    await works(a.storage);
    await a.storage.put(registration({ id: idOf(2) }), NOW);
    await works(b.storage);
    await b.storage.put(registration({ id: idOf(3) }), NOW);
    // Each node was notified, or got a request to read everything again.
    const knows = ({ changes }: Node, id: string): boolean =>
      changes.some((change) => change.type === 'reload' || idIn(change) === id);
    await expect.poll(() => [knows(a, idOf(3)), knows(b, idOf(2))], HEALED).toEqual([true, true]);
    expect(await b.storage.registrations()).toContainEqual(registration({ id: idOf(2) }));
  });

  it('a shared store closes in time while its server does not answer', async () => {
    const [a] = nodes();
    store.freeze();
    try {
      expect(await outcomeWithin(store.deadline, a.storage.close())).toBe('done');
    } finally {
      store.thaw();
    }
  });
}

async function everythingIsRefused(storage: Storage, deadline: number): Promise<void> {
  const calls: Record<string, () => Promise<unknown>> = {
    ping: () => storage.ping(),
    registrations: () => storage.registrations(),
    put: () => storage.put(registration({ id: idOf(7) }), NOW),
    refresh: () => storage.refresh([idOf(1)], NOW + 90_000),
    silence: () => storage.silence([{ id: idOf(1), silentSince: NOW, expiresAt: NOW + 90_000 }]),
    delete: () => storage.delete(idOf(9), { url: 'http://127.0.0.1/kite' }),
    sweep: () => storage.sweep(NOW - 1_000_000),
    keyPairs: () => storage.keyPairs(),
    putKeyPair: () => storage.putKeyPair(PAIR),
    revokedKiteKeys: () => storage.revokedKiteKeys(),
    revokeKiteKey: () => storage.revokeKiteKey('jti-9'),
    invites: () => storage.invites(),
    putInvite: () => storage.putInvite({ hash: 'hash-9', username: 'bob', expiresAt: NOW }),
    takeInvite: () => storage.takeInvite('hash-9', NOW),
    deleteInvites: () => storage.deleteInvites('bob'),
    credentials: () => storage.credentials(),
    putCredentials: () => storage.putCredentials([credential()]),
    deleteCredentials: () => storage.deleteCredentials(['key']),
  };
  const outcomes = await Promise.all(
    Object.entries(calls).map(async ([name, call]) => [name, await outcomeWithin(deadline, call())] as const),
  );
  expect(Object.fromEntries(outcomes)).toEqual(
    Object.fromEntries(Object.keys(calls).map((name) => [name, 'unavailable'])),
  );
}

/** The outcome of a call: `done`, the code of its StorageError, or `late` if it exceeds the deadline. */
async function outcomeWithin(deadline: number, call: Promise<unknown>): Promise<string> {
  // A margin for a busy machine.
  const allowed = deadline + 2000;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('late'), allowed);
  });
  const outcome = call.then(
    () => 'done',
    (error: unknown) => (error instanceof StorageError ? error.code : String(error)),
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function works(storage: Storage): Promise<void> {
  await expect.poll(() => outcomeWithin(HEALED.timeout, storage.ping()), HEALED).toBe('done');
}

function idIn(change: StorageChange): string | undefined {
  return change.type === 'put' ? change.registration.kite.id : undefined;
}

function byName(a = '', b = ''): number {
  return a.localeCompare(b);
}

/** The last change of a kite that a node was notified of. */
function lastOf({ changes }: Node, id: string): Registration | 'deleted' | undefined {
  for (const change of changes.toReversed()) {
    if (change.type === 'put' && change.registration.kite.id === id) return change.registration;
    if (change.type === 'delete' && change.id === id) return 'deleted';
  }
  return undefined;
}

/** The number of these kites of whose expiry a node was notified. */
function notifiedCount({ changes }: Node, ids: readonly string[], expiresAt: number): number {
  const expiries = new Map<string, number>();
  for (const change of changes)
    if (change.type === 'put') expiries.set(change.registration.kite.id, change.registration.expiresAt);
  return ids.filter((id) => expiries.get(id) === expiresAt).length;
}
