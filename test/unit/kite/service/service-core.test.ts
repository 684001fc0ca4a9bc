import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/lib/kite/service/service.js';
import { settled } from '../../../helpers/kite/cores.js';
import { type Fleet, makeFleet, makeRegistry } from '../../../helpers/kite/fleet.js';

function states(service: Service): Record<string, string> {
  return Object.fromEntries(service.metrics().kites.map(({ url, state }) => [url.slice(7, -5), state]));
}

function withRegistry(count: number) {
  const fleet = makeFleet(count);
  return { fleet, registry: makeRegistry(fleet.caller) };
}

const QUERY = '/bob/test/math';

describe('the kites of a query', () => {
  it('kites that register get calls, and kites that deregister finish their calls and get no more', async () => {
    const { fleet, registry } = withRegistry(2);
    registry.register(fleet.member(0).url);
    const service = fleet.serve(QUERY, registry);
    expect(await service.tell('which')).toBe(0);
    registry.register(fleet.member(1).url);
    await settled();
    const running = service.on('a').call('count', [3]);
    registry.deregister(fleet.member(0).url);
    expect(await running).toEqual([1, 2, 3]);
    for (let n = 0; n < 5; n++) expect(await service.tell('which')).toBe(1);
    expect(fleet.events.filter((event) => /^(?:found|gone)/.test(event))).toEqual([
      'found kite-0',
      'found kite-1',
      'gone kite-0',
    ]);
  });

  it('a call waits for the first kite to register', async () => {
    const { fleet, registry } = withRegistry(1);
    const service = fleet.serve(QUERY, registry);
    const call = service.tell('which');
    await settled();
    registry.register(fleet.member(0).url);
    expect(await call).toBe(0);
    registry.deregister(fleet.member(0).url);
    const late = service.tell('which').catch((error: unknown) => error);
    await settled();
    fleet.caller.clock.advance(1000);
    expect(await late).toMatchObject({
      code: 'noKite',
      message: 'Cannot call "which" of /bob/test/math: no kite within 1s; no kite is registered',
    });
  });

  it('a Kontrol that cannot be watched is tried again, and its error is the reason of calls that fail until then', async () => {
    const { fleet, registry } = withRegistry(1);
    registry.register(fleet.member(0).url);
    registry.failure = new Error('no route');
    const service = fleet.serve(QUERY, registry, { wait: 100 });
    const call = service.tell('which').catch((error: unknown) => error);
    const all = service
      .all('which')
      .next()
      .catch((error: unknown) => error);
    await settled();
    fleet.caller.clock.advance(100);
    expect(await call).toMatchObject({
      message: expect.stringMatching(/no kite within 100ms; Kontrol: no route$/),
    });
    expect(await all).toMatchObject({ code: 'noKite', message: expect.stringMatching(/Kontrol: no route$/) });
    expect(service.metrics().events.watchFailed).toBeGreaterThan(0);
    registry.failure = undefined;
    fleet.caller.clock.advance(1000);
    await settled();
    expect(await service.tell('which')).toBe(0);
  });

  it('a service that is woken tries Kontrol and its kites again at once', async () => {
    const { fleet, registry } = withRegistry(1);
    const { url } = fleet.member(0);
    registry.register(url);
    fleet.kill(0);
    registry.failure = new Error('no route');
    const service = fleet.serve(QUERY, registry);
    await settled();
    expect(service.metrics().events.watchFailed).toBe(1);
    registry.failure = undefined;
    fleet.wake();
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'out' });
    fleet.restart(0);
    fleet.wake();
    expect(await service.tell('which')).toBe(0);
    expect(service.metrics().events.watchFailed).toBe(1);
  });

  it('a kite that registers again at its URL under another id is dialed at once, and the end of the first does not concern it', async () => {
    const { fleet, registry } = withRegistry(1);
    const { url } = fleet.member(0);
    registry.register(url, { id: 'first' });
    const service = fleet.serve(QUERY, registry);
    expect(await service.tell('which')).toBe(0);
    fleet.kill(0);
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'out' });
    fleet.restart(0);
    registry.register(url, { id: 'second' });
    registry.deregister('first');
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'ready' });
    expect(await service.tell('which')).toBe(0);
  });
});

describe('a kite that is registered twice', () => {
  it('a kite that has replaced another at its URL stays a part of the service when the lease of the first ends', async () => {
    // Kontrol lists both until then, in any order.
    for (const ids of [
      ['first', 'second'],
      ['second', 'first'],
    ]) {
      const { fleet, registry } = withRegistry(1);
      const { url } = fleet.member(0);
      for (const id of ids) registry.register(url, { id });
      const service = fleet.serve(QUERY, registry);
      expect(await service.tell('which')).toBe(0);
      registry.deregister('first');
      await settled();
      expect(states(service)).toEqual({ 'kite-0': 'ready' });
      expect(service.metrics().kites[0]?.identity?.id).toBe('second');
      expect(await service.tell('which')).toBe(0);
      registry.deregister('second');
      await settled();
      expect(states(service)).toEqual({});
    }
  });
});

describe('a silent kite of a service', () => {
  it('a silent kite that is connected is called only when it has answered a ping', async () => {
    const { fleet, registry } = withRegistry(2);
    for (const { url } of fleet.members) registry.register(url);
    const service = fleet.serve(QUERY, registry, { balance: 'roundRobin' });
    await service.tell('which');
    await settled();
    fleet.freeze(0);
    registry.silence(fleet.member(0).url);
    for (let n = 0; n < 4; n++) expect(await service.tell('which')).toBe(1);
    registry.silence(fleet.member(1).url);
    await settled();
    for (let n = 0; n < 4; n++) expect(await service.tell('which')).toBe(1);
    expect(service.metrics().kites.map(({ silent }) => silent)).toEqual([true, true]);
    expect(service.metrics().events.silent).toBe(2);
    expect(states(service)).toEqual({ 'kite-0': 'ready', 'kite-1': 'ready' });
    fleet.caller.clock.advance(2000);
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'out', 'kite-1': 'ready' });
  });

  it('a silent kite is not connected while there are others, and is if they cannot be reached', async () => {
    const { fleet, registry } = withRegistry(12);
    for (const { url } of fleet.members) registry.register(url);
    for (const { url } of fleet.members.slice(0, 11)) registry.silence(url);
    const service = fleet.serve(QUERY, registry, { connections: 1 });
    expect(await service.tell('which')).toBe(11);
    for (const key of 'abcdefgh') expect(await service.on(key).tell('which')).toBe(11);
    fleet.kill(11);
    await settled();
    // The last kites are better than none.
    expect(await service.tell('which')).toBeLessThan(11);
  });

  it('a silent kite that was out is dialed at once when it returns', async () => {
    const { fleet, registry } = withRegistry(2);
    for (const { url } of fleet.members) registry.register(url);
    const service = fleet.serve(QUERY, registry);
    await service.tell('which');
    await settled();
    fleet.kill(0);
    registry.silence(fleet.member(0).url);
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'out', 'kite-1': 'ready' });
    fleet.restart(0);
    registry.register(fleet.member(0).url);
    await settled();
    expect(states(service)).toEqual({ 'kite-0': 'ready', 'kite-1': 'ready' });
  });

  it('a silent kite that is the only one is called, and its calls for a key as well', async () => {
    const { fleet, registry } = withRegistry(1);
    registry.register(fleet.member(0).url);
    registry.silence(fleet.member(0).url);
    const service = fleet.serve(QUERY, registry);
    expect(await service.tell('which')).toBe(0);
    expect(await service.on('key').tell('which')).toBe(0);
    registry.register(fleet.member(0).url);
    expect(service.metrics().kites.map(({ silent }) => silent)).toEqual([false]);
  });

  it('a silent kite keeps its connection and its calls while it answers', async () => {
    const { fleet, registry } = withRegistry(3);
    for (const { url } of fleet.members) registry.register(url);
    const service = fleet.serve(QUERY, registry, { connections: 2, balance: 'roundRobin' });
    await service.tell('which');
    await settled();
    const before = states(service);
    for (const { url } of fleet.members) registry.silence(url);
    await settled();
    fleet.caller.clock.advance(5000);
    await settled();
    expect(states(service)).toEqual(before);
    const called = new Set([await service.tell('which'), await service.tell('which')]);
    expect(called.size).toBe(2);
  });
});

describe('the connections of a service', () => {
  it('a service is connected to a part of many kites, and to others if these cannot be reached', async () => {
    const fleet = makeFleet(12);
    const service = fleet.service({ connections: 3 });
    await service.tell('which');
    await settled();
    const ready = Object.entries(states(service)).filter(([, state]) => state === 'ready');
    expect(ready.length).toBe(3);
    expect(Object.values(states(service)).filter((state) => state === 'idle').length).toBe(9);
    const [first = ''] = ready[0] ?? [];
    fleet.kill(Number(first.slice(5)));
    await settled();
    expect(states(service)[first]).toBe('out');
    expect(Object.values(states(service)).filter((state) => state === 'ready').length).toBe(3);
    fleet.restart(Number(first.slice(5)));
    fleet.caller.clock.advance(10_000);
    await settled();
    expect(states(service)[first]).toBe('ready');
    expect(Object.values(states(service)).filter((state) => state === 'ready').length).toBe(3);
  });

  it('programs choose different kites to be connected to, and each program chooses the same ones again', async () => {
    const chosen = new Set<string>();
    for (let program = 0; program < 10; program++) {
      const fleet = makeFleet(6);
      Object.assign(fleet.caller.identity, { id: `program-${program}` });
      const services = [fleet.service({ connections: 2 }), fleet.service({ connections: 2 })];
      for (const service of services) await service.tell('which');
      await settled();
      const [one, two] = services.map((service) => JSON.stringify(states(service)));
      expect(one).toBe(two);
      for (const [url, state] of Object.entries(states(services[0] as Service)))
        if (state === 'ready') chosen.add(url);
      Object.assign(fleet.caller.identity, { id: 'f7cd2e55-7e11-4a5f-9f0e-5a4a5b1d3c11' });
    }
    expect(chosen.size).toBeGreaterThan(4);
  });

  it('kites of the own region are called while one is ready, and those of other regions otherwise', async () => {
    const { fleet, registry } = withRegistry(4);
    for (const [index, region] of ['us', 'eu', 'us', 'eu'].entries())
      registry.register(fleet.member(index).url, { region });
    const service = fleet.serve(QUERY, registry, { connections: 3 });
    await service.tell('which');
    await settled();
    const called = async (): Promise<Set<unknown>> => {
      const which = new Set<unknown>();
      for (let n = 0; n < 30; n++) which.add(await service.tell('which'));
      return which;
    };
    expect(await called()).toEqual(new Set([1, 3]));
    fleet.kill(1);
    expect(await called()).toEqual(new Set([3]));
    fleet.kill(3);
    await settled();
    expect(await called()).toEqual(new Set([0, 2]));
    fleet.restart(3);
    fleet.caller.clock.advance(10_000);
    await settled();
    expect(await called()).toEqual(new Set([3]));
    expect(fleet.events.filter((event) => event.startsWith('spill'))).toEqual(['spill true', 'spill false']);
  });
});

describe('the calls for a key', () => {
  it('calls for a key go to one kite, for all programs, also one that they are not connected to', async () => {
    const fleet = makeFleet(10);
    const services = [fleet.service({ connections: 1 }), fleet.service({ balance: 'roundRobin' })];
    const places = new Set<unknown>();
    for (let key = 0; key < 40; key++) {
      const which = new Set<unknown>();
      for (const service of services) {
        which.add(await service.on(`user-${key}`).tell('which'));
        which.add(await service.on(`user-${key}`).tell('which'));
      }
      expect(which.size).toBe(1);
      for (const place of which) places.add(place);
    }
    expect(places.size).toBeGreaterThan(6);
  });

  it('a connection that was opened for a key is closed when it has not been used for a minute', async () => {
    const fleet = makeFleet(5);
    const service = fleet.service({ connections: 1 });
    for (let key = 0; key < 30; key++) await service.on(`user-${key}`).tell('which');
    expect(Object.values(states(service)).filter((state) => state === 'ready').length).toBe(5);
    for (let second = 0; second < 62; second++) {
      fleet.caller.clock.advance(1000);
      await settled();
    }
    expect(Object.values(states(service)).filter((state) => state === 'ready').length).toBe(1);
    expect(await service.on('user-1').tell('which')).toBe(await service.on('user-1').tell('which'));
  });

  it('a key whose kite cannot be reached has another one until that one is back', async () => {
    const fleet = makeFleet(4);
    const service = fleet.service();
    const calls = service.on('user-1');
    const first = Number(await calls.tell('which'));
    fleet.kill(first);
    const second = await calls.tell('which');
    expect(second).not.toBe(first);
    expect(await calls.tell('which')).toBe(second);
    fleet.restart(first);
    fleet.caller.clock.advance(10_000);
    await settled();
    expect(await calls.tell('which')).toBe(first);
  });
});

describe('the kite of a key that cannot be dialed', () => {
  it('a call for a key goes to another kite as soon as its own one could not be dialed, or has deregistered', async () => {
    const { fleet, registry } = withRegistry(4);
    for (const { url } of fleet.members) registry.register(url);
    const service = fleet.serve(QUERY, registry, { connections: 1 });
    await service.tell('which');
    const other = fleet.serve(QUERY, registry);
    const places: unknown[] = [];
    for (let key = 0; key < 20; key++) places.push(await other.on(`key-${key}`).tell('which'));
    const idle = fleet.members.findIndex(({ url }) => states(service)[url.slice(7, -5)] === 'idle');
    const key = `key-${places.indexOf(idle)}`;
    fleet.kill(idle);
    expect(await service.on(key).tell('which')).not.toBe(idle);
    registry.deregister(fleet.member(idle).url);
    expect(await service.on(key).tell('which')).not.toBe(idle);
    expect(service.metrics().waiting).toBe(0);
  });
});

/** What a loop over the answers of all kites gets. */
async function answersOf(fleet: Fleet, service: Service): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for await (const { kite, result, error } of service.all('which'))
    answers[fleet.members.findIndex(({ url }) => url === kite.url)] = error ? error.code : result;
  return answers;
}

describe('the calls of all kites', () => {
  it('all kites are called, also those that the service is not connected to, and each answer has its kite', async () => {
    const fleet = makeFleet(4);
    fleet.kill(2);
    const service = fleet.service({ connections: 1 });
    expect(await answersOf(fleet, service)).toEqual({ 0: 0, 1: 1, 2: 'refused', 3: 3 });
    expect(await answersOf(fleet, service)).toEqual({ 0: 0, 1: 1, 2: 'refused', 3: 3 });
  });

  it('answers arrive as soon as they are there, and a loop that ends early cancels the other calls', async () => {
    const aborted: number[] = [];
    const fleet = makeFleet(3, (core, index) => {
      core
        .handle('slow', ({ signal }) => {
          if (index === 1) return 'quick';
          signal.addEventListener('abort', () => aborted.push(index));
          return new Promise(() => {});
        })
        .disableAuthentication();
    });
    const service = fleet.service();
    await service.tell('which');
    for await (const { result } of service.all('slow')) {
      expect(result).toBe('quick');
      break;
    }
    await settled();
    expect(aborted.toSorted((a, b) => a - b)).toEqual([0, 2]);
  });

  it('the signal of the caller ends the calls of all kites, and a stream cannot be sent to all', async () => {
    const fleet = makeFleet(2);
    const service = fleet.service();
    const controller = new AbortController();
    const answers = service.callAll('endless', [], { signal: controller.signal, timeout: 0 });
    const first = answers.next();
    await settled();
    controller.abort(new Error('enough'));
    expect((await first).value).toMatchObject({ error: { type: 'aborted' } });
    expect((await answers.next()).value).toMatchObject({ error: { type: 'aborted' } });
    const [late] = [await service.callAll('endless', [], { signal: controller.signal }).next()];
    expect(late.value).toMatchObject({ error: { type: 'aborted' } });
    await expect(service.all('sum', (async function* () {})()).next()).rejects.toMatchObject({
      type: 'argumentError',
    });
  });

  it('there are no answers if no kite is registered', async () => {
    const { fleet, registry } = withRegistry(0);
    expect(await answersOf(fleet, fleet.serve(QUERY, registry))).toEqual({});
  });
});
