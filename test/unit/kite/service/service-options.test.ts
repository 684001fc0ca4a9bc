import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../src/lib/kite/service/service.js';
import type { ServiceEvents } from '../../../../src/lib/kite/service/service-options.js';
import { settled } from '../../../helpers/kite/cores.js';
import { type Fleet, makeFleet, makeRegistry } from '../../../helpers/kite/fleet.js';

const QUERY = '/bob/test/math';

async function seconds({ caller }: Fleet, count: number): Promise<void> {
  for (let second = 0; second < count; second++) {
    caller.clock.advance(1000);
    await settled();
  }
}

/** A part of the life of a service, and the events that it must have. */
interface Episode {
  readonly events: readonly (keyof ServiceEvents)[];
  readonly run: (fleet: Fleet, watched: (service: Service) => Service) => Promise<void>;
}

const EPISODES: Readonly<Record<string, Episode>> = {
  'kites come and go': {
    events: [
      'watchFailed',
      'wait',
      'found',
      'connecting',
      'ready',
      'pick',
      'silent',
      'suspect',
      'gone',
      'spill',
    ],
    run: async (fleet, watched) => {
      const registry = makeRegistry(fleet.caller);
      registry.failure = new Error('no route');
      const service = watched(fleet.serve(QUERY, registry, { wait: 5000 }));
      const first = service.tell('which');
      await settled();
      registry.failure = undefined;
      for (const [index, region] of ['eu', 'us'].entries())
        registry.register(fleet.member(index).url, { region });
      await seconds(fleet, 1);
      await first;
      registry.silence(fleet.member(0).url);
      await settled();
      registry.deregister(fleet.member(0).url);
      await service.tell('which');
    },
  },
  'a kite shuts down, and another one is enough': {
    events: ['draining', 'retry', 'idle'],
    run: async (fleet, watched) => {
      const service = watched(fleet.service({ connections: 1 }));
      await service.tell('which');
      const [first] = service.metrics().kites.filter(({ state }) => state === 'ready');
      const index = fleet.members.findIndex(({ url }) => url === first?.url);
      fleet.member(index).core.drain();
      await service.tell('which');
      fleet.restart(index);
      await seconds(fleet, 20);
    },
  },
  'a kite freezes': {
    events: ['suspect', 'move', 'out', 'giveUp'],
    run: async (fleet, watched) => {
      const service = watched(fleet.service({ idempotent: ['square'], balance: 'roundRobin' }));
      for (let n = 0; n < 3; n++) await service.tell('square', n);
      fleet.freeze(0);
      const calls = [1, 2, 3].map((n) => service.tell('square', n));
      const lost = [1, 2, 3].map(() => service.call('which', [], { timeout: 500 }).catch(() => undefined));
      await seconds(fleet, 5);
      expect(await Promise.all(calls)).toEqual([1, 4, 9]);
      expect(await Promise.all(lost)).toContain(undefined);
    },
  },
  'the budget ends': {
    events: ['exhausted', 'giveUp', 'retry'],
    run: async (fleet, watched) => {
      const service = watched(fleet.service({ idempotent: true }));
      await service.tell('which');
      await settled();
      const calls = Array.from({ length: 200 }, () => service.call('endless', []).catch(() => undefined));
      await settled();
      for (const index of fleet.members.keys()) fleet.kill(index);
      await seconds(fleet, 20);
      await Promise.all(calls);
    },
  },
};

describe('the events of a service', () => {
  it.each(Object.entries(EPISODES))(
    'each event is counted, and has its decisions: %s',
    async (_, episode) => {
      const fleet = makeFleet(3);
      const heard = new Map<string, number>();
      const services: Service[] = [];
      await episode.run(fleet, (service) => {
        for (const name of Object.keys(service.metrics().events) as (keyof ServiceEvents)[])
          service.on(name, () => heard.set(name, (heard.get(name) ?? 0) + 1));
        services.push(service);
        return service;
      });
      expect([...heard.keys()]).toEqual(expect.arrayContaining([...episode.events]));
      for (const service of services) {
        const counted = Object.entries(service.metrics().events).filter(([, count]) => count > 0);
        // The kites of a list of URLs are found before a program can listen.
        const before = heard.has('found') ? [] : ['found', 'connecting'];
        for (const [name, count] of counted)
          if (!before.includes(name)) expect([name, count]).toEqual([name, heard.get(name)]);
      }
    },
  );

  it('every event of a service is in one of the episodes', () => {
    const { events } = makeFleet(1).service().metrics();
    const covered = new Set(Object.values(EPISODES).flatMap((episode) => episode.events));
    console.log(`${covered.size} of ${Object.keys(events).length} events happen`);
    expect([...covered].toSorted((a, b) => a.localeCompare(b))).toEqual(
      Object.keys(events).toSorted((a, b) => a.localeCompare(b)),
    );
  });
});
