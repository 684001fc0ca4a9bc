import { describe, expect, it, onTestFinished } from 'vitest';
import type { EncodedResult } from '../../../../src/lib/kite/call/encoded-result.js';
import type { RemoteFunction } from '../../../../src/lib/kite/call/remote-function.js';
import type { Request } from '../../../../src/lib/kite/serve/request.js';
import { defaultKontrolLimits, ENCODED_CHANGES } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { openPolicy } from '../../../../src/lib/kontrol/policy/policy.js';
import type { FairTurns, Steps } from '../../../../src/lib/kontrol/registry/fair-turns.js';
import { Registry } from '../../../../src/lib/kontrol/registry/registry.js';
import type { WatchEvent } from '../../../../src/lib/kontrol/registry/watch-notifier.js';
import { Watchers } from '../../../../src/lib/kontrol/registry/watchers.js';
import type { Caller } from '../../../../src/lib/kontrol/tokens/caller.js';
import type { TokenIssuer } from '../../../../src/lib/kontrol/tokens/token-issuer.js';
import type { KiteQuery } from '../../../../src/lib/protocol/query.js';
import { type Fragment, pieceText } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

/** A watch and the events that it has got, such as `UPDATE a silent`. */
interface Watch {
  readonly events: string[];
  readonly results: WatchEvent[];
  /** The pieces of the last event. */
  pieces: readonly Fragment[];
  begin(): void;
  cancel(): void;
  isClosed: boolean;
}

/** Watches of alice's kites. The steps of notifications are made by hand. */
function setUp(changesPerUser = 10) {
  const clock = new ManualClock();
  const registry = new Registry({ clock, logger: silentLogger });
  onTestFinished(() => registry.close());
  let shared: Steps<void> | undefined;
  const turns = { share: (steps: Steps<void>) => (shared = steps) };
  const counts = { issued: 0, events: 0 };
  const issue = (caller: Caller): string =>
    `token${counts.issued++} of ${caller.username} ${caller.kiteKeyId}`;
  const watchers = new Watchers({
    registry,
    turns: turns as unknown as FairTurns,
    tokens: { issue, cached: issue } as unknown as TokenIssuer,
    policy: openPolicy(),
    limits: { ...defaultKontrolLimits, changesPerUser, watchersPerUser: 1e6, watchersPerConnection: 1e6 },
    clock,
    logger: silentLogger,
    audit: undefined,
  });
  /** Adds a watch of all kites of alice that has not begun. */
  const add = (username = 'alice', kiteKeyId = '', query: KiteQuery = { username: 'alice' }): Watch => {
    const listeners: (() => void)[] = [];
    const close = (): void => {
      watch.isClosed = true;
      for (const listener of listeners) listener();
    };
    const client = { on: (_: string, listener: () => void) => listeners.push(listener), close };
    const callback = (event: unknown): void => {
      const { pieces } = event as EncodedResult;
      const result = JSON.parse(pieces.map(pieceText).join('')) as WatchEvent;
      const { action, kite, silentSince } = result;
      counts.events++;
      watch.pieces = pieces;
      watch.results.push(result);
      watch.events.push([action, kite.id, ...(silentSince === undefined ? [] : ['silent'])].join(' '));
    };
    const caller = {
      type: 'kiteKey',
      username,
      kiteKeyId,
      issuedAt: 0,
      sessionEnd: Number.POSITIVE_INFINITY,
    } as const;
    const request = { client, username } as unknown as Request;
    const id = watchers.add(request, caller, query, callback as unknown as RemoteFunction);
    const watch: Watch = {
      events: [],
      results: [],
      pieces: [],
      isClosed: false,
      begin: () => watchers.begin(request.client, id),
      cancel: () => watchers.cancel(request.client, id),
    };
    return watch;
  };
  const watch = (...args: Parameters<typeof add>): Watch => {
    const added = add(...args);
    added.begin();
    return added;
  };
  /** Makes a step. Returns false if there is nothing to do. */
  const step = (): boolean => {
    if (shared?.next().done !== false) shared = undefined;
    return shared !== undefined;
  };
  /** Sends the notifications that wait. */
  const deliver = (): void => {
    while (step());
  };
  const register = (id: string, url?: string) =>
    registry.set({ ...registration(id), ...(url !== undefined && { url }) }, 'connection');
  return { clock, registry, counts, add, watch, step, deliver, register };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);

describe('a watch of kites that are silent', () => {
  it('a watch is notified that a kite is silent, that it has returned, and that it has gone', () => {
    const { clock, registry, watch, deliver, register } = setUp();
    const { events } = watch();
    const entry = register('a');
    deliver();
    registry.silence(entry, clock.now());
    deliver();
    register('a');
    deliver();
    registry.silence(entry, clock.now());
    deliver();
    registry.remove(entry, 'lapsed');
    deliver();
    expect(events).toEqual(['REGISTER a', 'UPDATE a silent', 'UPDATE a', 'UPDATE a silent', 'DEREGISTER a']);
  });

  it('a watch is notified once of a kite that drops and returns while it waits for its turn, of how it is then', () => {
    const { clock, registry, watch, deliver, register } = setUp();
    const { events } = watch();
    const entry = register('a');
    deliver();
    for (let drops = 0; drops < 100; drops++) {
      registry.silence(entry, clock.now());
      register('a');
    }
    deliver();
    expect(events).toEqual(['REGISTER a', 'UPDATE a']);
  });

  it('a watch keeps its connection when more kites drop together than changes may wait, and gets what matters', () => {
    const { clock, registry, watch, deliver, register } = setUp(10);
    const entries = many(40).map((id) => register(id));
    const watched = watch();
    for (const entry of entries) registry.silence(entry, clock.now());
    deliver();
    expect(watched.isClosed).toBe(false);
    expect(watched.events).toEqual(many(5).map((id) => `UPDATE ${id} silent`));
    watched.events.length = 0;
    for (const entry of entries) {
      register(entry.kite.id);
      deliver();
    }
    expect(watched.events).toEqual(many(40).map((id) => `UPDATE ${id}`));
  });
});

describe('a change that many watches are notified of', () => {
  it('10,000 watches of one user are notified of a registration in steps of at most 32 events', () => {
    const { counts, watch, step, register } = setUp();
    const watches = many(10_000).map(() => watch());
    register('a');
    const steps: number[] = [];
    for (let before = 0, more = true; more; before = counts.events) {
      more = step();
      steps.push(counts.events - before);
    }
    console.log(`10,000 watches: ${steps.length} steps, of at most ${Math.max(...steps)} events`);
    expect(Math.max(...steps)).toBeLessThanOrEqual(32);
    expect(new Set(watches.map(({ events }) => events.join()))).toEqual(new Set(['REGISTER a']));
  });

  it('the watches of 10,000 users are notified of a registration in steps, and none of them by the registration itself', () => {
    const { counts, watch, step, register } = setUp();
    const watches = many(10_000).map((user) => watch(user));
    register('a');
    expect(counts.events).toBe(0);
    let steps = 1;
    while (step()) steps++;
    console.log(`10,000 users: ${steps} steps`);
    expect(steps).toBeGreaterThan(10_000 / 32);
    expect(new Set(watches.map(({ events }) => events.join()))).toEqual(new Set(['REGISTER a']));
  });

  it('a watch of a user does not wait for all the watches of another one, even while kites change', () => {
    const { watch, step, register } = setUp(1000);
    const watches = many(1000).map(() => watch('mallory'));
    const { events } = watch('alice');
    for (let changes = 0; changes < 100; changes++) {
      register(`k${changes}`);
      for (let steps = 0; steps < 4; steps++) step();
      expect(events).toHaveLength(changes + 1);
    }
    expect(watches.some(({ events: late }) => late.length < 50)).toBe(true);
  });

  it('all watches of a change share its event, and those with the same kite key the token', () => {
    const { counts, watch, deliver, register } = setUp();
    const watches = ['one', 'two'].flatMap((key) => many(10).map(() => watch('alice', key)));
    register('a');
    deliver();
    expect(new Set(watches.map(({ pieces }) => pieces[0])).size).toBe(1);
    expect(new Set(watches.map(({ pieces }) => pieces[1])).size).toBe(2);
    expect(counts.issued).toBe(2);
    const tokens = watches.map(({ results }) => results[0]?.token);
    expect(tokens).toEqual([
      ...many(10).map(() => 'token0 of alice one'),
      ...many(10).map(() => 'token1 of alice two'),
    ]);
  });

  it('each watch is notified of more changes than remain encoded', () => {
    const { watch, deliver, register } = setUp(10_000);
    const watches = [watch(), watch('bob')];
    const ids = many(ENCODED_CHANGES + 10);
    for (const id of ids) register(id);
    deliver();
    for (const { events } of watches) expect(events).toEqual(ids.map((id) => `REGISTER ${id}`));
  });
});

describe('the order of changes', () => {
  it('a later change of a kite replaces one that a watch has not been notified of, in the order of the later ones', () => {
    const { clock, registry, watch, deliver, register } = setUp();
    const { events, results } = watch();
    const [a] = [register('a'), register('b')];
    deliver();
    registry.remove(a, 'left');
    register('b', 'http://127.0.0.1:1/kite');
    registry.silence(register('c'), clock.now());
    register('a');
    deliver();
    expect(events).toEqual(['REGISTER a', 'REGISTER b', 'REGISTER b', 'REGISTER c silent', 'REGISTER a']);
    expect(results[2]?.url).toBe('http://127.0.0.1:1/kite');
  });

  it('an update of a kite whose registration a watch knows is not lost when other watches do not know it yet', () => {
    const { clock, registry, watch, step, deliver, register } = setUp();
    const watches = many(100).map(() => watch());
    const entry = register('a');
    step();
    registry.silence(entry, clock.now());
    deliver();
    expect(watches[0]?.events).toEqual(['REGISTER a', 'UPDATE a silent']);
    expect(watches[99]?.events).toEqual(['REGISTER a silent']);
  });

  it('a kite whose path changes deregisters under the former path before it registers', () => {
    const { registry, watch, deliver } = setUp();
    const { results } = watch();
    const given = registration('a');
    registry.set(given, 'connection');
    deliver();
    registry.set({ ...given, kite: { ...given.kite, name: 'other' } }, 'connection');
    deliver();
    expect(results.map(({ action, kite }) => `${action} ${kite.name}`)).toEqual([
      `REGISTER ${given.kite.name}`,
      `DEREGISTER ${given.kite.name}`,
      'REGISTER other',
    ]);
  });

  it('watches that begin and end while kites change lose no event and get none twice', () => {
    const { clock, registry, counts, add, step, deliver, register } = setUp(1000);
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    interface Model {
      readonly watch: Watch;
      /** The state of each kite when the watch was added. */
      readonly kites: Map<string, string>;
      begun: boolean;
    }
    const state = (): Map<string, string> =>
      new Map(
        Array.from(registry.entries(), ({ kite, url, silentSince }) => [
          kite.id,
          `${url}${silentSince === undefined ? '' : ' silent'}`,
        ]),
      );
    const running = new Set<Model>();
    const ended: { readonly watch: Watch; readonly count: number }[] = [];
    let urls = 0;
    /** Applies the events of a watch to what it knew. */
    const known = ({ watch, kites }: Model): Map<string, string> => {
      const result = new Map(kites);
      for (const { action, kite, url, silentSince } of watch.results) {
        const now = `${url}${silentSince === undefined ? '' : ' silent'}`;
        if (action === 'DEREGISTER') result.delete(kite.id);
        else if (action === 'REGISTER' || result.has(kite.id)) result.set(kite.id, now);
      }
      // Each registration has another URL, and is told once, as is its end.
      const told = watch.results.flatMap(({ action, url }) =>
        action === 'UPDATE' ? [] : [`${action} ${url}`],
      );
      expect(new Set(told).size).toBe(told.length);
      return result;
    };
    const actions: (() => void)[] = [
      () => {
        const watch = add(`user${random(5)}`);
        running.add({ watch, kites: state(), begun: false });
      },
      () => {
        const model = [...running][random(Math.max(1, running.size))];
        model?.watch.begin();
        if (model) model.begun = true;
      },
      () => {
        const model = [...running][random(Math.max(1, running.size))];
        if (!model || random(4) > 0) return;
        running.delete(model);
        model.watch.cancel();
        ended.push({ watch: model.watch, count: model.watch.events.length });
      },
      () => void register(`k${random(20)}`, `http://127.0.0.1/${urls++}`),
      () => {
        const entry = registry.get(`k${random(20)}`);
        if (entry) register(entry.kite.id, entry.url);
      },
      () => {
        const entry = registry.get(`k${random(20)}`);
        if (entry) registry.remove(entry, 'left');
      },
      () => {
        const entry = registry.get(`k${random(20)}`);
        if (entry) registry.silence(entry, clock.now());
      },
      () => void step(),
    ];
    for (let n = 0; n < 3000; n++) {
      actions[random(actions.length)]?.();
      if (n % 100 > 0) continue;
      deliver();
      for (const model of running) if (model.begun) expect(known(model)).toEqual(state());
      for (const { watch, count } of ended) expect(watch.events).toHaveLength(count);
    }
    for (const { watch } of running) watch.begin();
    deliver();
    for (const model of running) expect(known(model)).toEqual(state());
    console.log(`${running.size + ended.length} watches, ${counts.events} events`);
    expect(counts.events).toBeGreaterThan(1000);
  });

  it('a watch gets no event before it begins, and then those since it was added', () => {
    const { registry, add, deliver, register } = setUp();
    register('before');
    const watch = add();
    const entry = register('a');
    register('b');
    deliver();
    registry.remove(entry, 'left');
    deliver();
    expect(watch.events).toEqual([]);
    watch.begin();
    deliver();
    expect(watch.events).toEqual(['REGISTER b', 'DEREGISTER a']);
    watch.begin();
    deliver();
    expect(watch.events).toHaveLength(2);
  });
});

describe('limits.changesPerUser', () => {
  it('limits.changesPerUser closes the connections of watches that are behind, and no others', () => {
    const { watch, step, register, deliver } = setUp(10);
    const late = many(1000).map(() => watch('mallory'));
    const quick = watch('alice');
    for (const id of many(40)) {
      register(id);
      step();
      step();
    }
    deliver();
    expect([late.every(({ isClosed }) => isClosed), quick.isClosed]).toEqual([true, false]);
    expect(quick.events).toEqual(many(40).map((id) => `REGISTER ${id}`));
  });

  it('limits.changesPerUser closes the connection of a watch that does not begin', () => {
    const { add, watch, register, deliver } = setUp(10);
    const [held, other] = [add('mallory'), watch('alice')];
    for (const id of many(40)) {
      register(id);
      deliver();
    }
    expect([held.isClosed, other.isClosed]).toEqual([true, false]);
    expect(other.events).toHaveLength(40);
  });

  it('limits.changesPerUser counts one change of each kite', () => {
    const { add, register, deliver } = setUp(10);
    const held = add('mallory');
    for (let n = 0; n < 1000; n++) {
      register('a', `http://127.0.0.1:${1 + (n % 2)}/kite`);
      deliver();
    }
    expect(held.isClosed).toBe(false);
    held.begin();
    deliver();
    expect(held.events).toEqual(['REGISTER a']);
  });
});
