import { onTestFinished } from 'vitest';
import type { Dialer } from '../../../src/lib/kite/call/client.js';
import type { KiteCore } from '../../../src/lib/kite/core/kite-core.js';
import { KiteServices } from '../../../src/lib/kite/service/kite-services.js';
import type { Service } from '../../../src/lib/kite/service/service.js';
import type {
  ServiceEvents,
  ServiceOptions,
  ServiceTarget,
} from '../../../src/lib/kite/service/service-options.js';
import type { RemoteKite } from '../../../src/lib/kite/kontrol/remote-kite.js';
import type { KiteSource } from '../../../src/lib/kite/kontrol/watch-or-poll.js';
import { DialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { makeCore, settled } from './cores.js';
import { MemoryChannel } from '../transport/memory-channel.js';

/** A kite of a fleet in memory. */
export interface Member {
  readonly url: string;
  core: ReturnType<typeof makeCore>;
  /** The calls of `square` and `count` that have run. */
  runs: number;
  isUp: boolean;
  isFrozen: boolean;
  readonly channels: { near: MemoryChannel; far: MemoryChannel }[];
}

export interface Fleet {
  readonly members: readonly Member[];
  readonly caller: ReturnType<typeof makeCore>;
  /** How often each event of the services has happened, such as `out http://kite-0/kite`. */
  readonly events: string[];
  service(options?: ServiceOptions & { readonly urls?: readonly string[] }): Service;
  serve(target: ServiceTarget, kontrol: KiteSource, options?: ServiceOptions): Service;
  member(index: number): Member;
  /** The kite ends as after SIGKILL. */
  kill(index: number): void;
  /** A new program of the kite begins to listen. */
  restart(index: number): void;
  /** The kite neither reads nor answers, as after SIGSTOP. */
  freeze(index: number): void;
  thaw(index: number): void;
  /** The services of the caller make their next attempts at once. */
  wake(): void;
}

/** Kites in memory at `http://kite-N/kite`, and a kite that calls them. */
export function makeFleet(count: number, prepare: (core: KiteCore, index: number) => void = () => {}): Fleet {
  const events: string[] = [];
  const members = Array.from({ length: count }, (_, index) => makeMember(index, prepare));
  const thawed: (() => void)[] = [];
  const dialer: Dialer = (url) => {
    const member = members.find((each) => each.url === url);
    if (!member?.isUp) return Promise.reject(new DialError('refused', new URL(url), 'no kite listens'));
    if (member.isFrozen)
      return new Promise((_, reject) =>
        thawed.push(() => reject(new DialError('timeout', new URL(url), 'it was frozen'))),
      );
    const [near, far] = MemoryChannel.pair();
    member.channels.push({ near, far });
    member.core.accept(far);
    return Promise.resolve(near);
  };
  const caller = makeCore({ dialer });
  const services = new KiteServices(caller);
  onTestFinished(() => services.close());
  const serve = (
    target: ServiceTarget,
    options: ServiceOptions | undefined,
    kontrol: KiteSource | undefined,
  ): Service => {
    const service = services.create(target, { wait: 1000, ...options }, kontrol);
    record(service, events);
    return service;
  };
  const member = (index: number): Member => {
    const found = members[index];
    if (!found) throw new Error(`There is no kite ${index}`);
    return found;
  };
  return {
    members,
    caller,
    events,
    member,
    service: ({ urls = members.map(({ url }) => url), ...options } = {}) => serve(urls, options, undefined),
    serve: (target, kontrol, options) => serve(target, options, kontrol),
    kill(index) {
      const killed = member(index);
      killed.isUp = false;
      for (const { near, far } of killed.channels.splice(0)) {
        near.ended(1006, '');
        far.ended(1006, '');
      }
    },
    restart(index) {
      const restarted = member(index);
      restarted.core = makeServer(restarted, index, prepare);
      restarted.isUp = true;
    },
    freeze(index) {
      const frozen = member(index);
      frozen.isFrozen = true;
      for (const { far } of frozen.channels) far.deliver = () => {};
    },
    thaw(index) {
      member(index).isFrozen = false;
      for (const fail of thawed.splice(0)) fail();
    },
    wake: () => services.wake(),
  };
}

function makeMember(index: number, prepare: (core: KiteCore, index: number) => void): Member {
  const member = {
    url: `http://kite-${index}/kite`,
    runs: 0,
    isUp: true,
    isFrozen: false,
    channels: [],
  } as unknown as Member;
  member.core = makeServer(member, index, prepare);
  return member;
}

function makeServer(
  member: Member,
  index: number,
  prepare: (core: KiteCore, index: number) => void,
): Member['core'] {
  const core = makeCore();
  core
    .handle<[number]>('square', ({ args: [n] }) => {
      member.runs++;
      return n * n;
    })
    .disableAuthentication();
  core.handle('which', () => index).disableAuthentication();
  core
    .handle('endless', ({ signal }) => {
      member.runs++;
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('canceled'))),
      );
    })
    .disableAuthentication();
  core
    .handle('count', async function* ({ args: [to] }) {
      member.runs++;
      await settled();
      for (let n = 1; n <= Number(to); n++) yield n;
    })
    .disableAuthentication();
  prepare(core, index);
  return core;
}

function record(service: Service, events: string[]): void {
  const names: readonly (keyof ServiceEvents)[] = [
    'found',
    'silent',
    'gone',
    'connecting',
    'ready',
    'idle',
    'draining',
    'out',
    'wait',
    'retry',
    'move',
    'exhausted',
    'spill',
  ];
  for (const name of names) {
    service.on(name, (...args: unknown[]) => {
      const kite = args.find((each) => typeof each === 'object' && each !== null && 'url' in each);
      events.push(`${name} ${kite ? (kite as { url: string }).url.slice(7, -5) : String(args[0])}`);
    });
  }
}

/** A Kontrol in memory that reports the kites which a test registers. */
export function makeRegistry(caller: KiteCore): KiteSource & {
  register(url: string, identity?: { readonly id?: string; readonly region?: string }): void;
  deregister(id: string): void;
  /** The connection of a kite to Kontrol drops. It returns when it registers again. */
  silence(id: string): void;
  failure: Error | undefined;
} {
  const kites = new Map<string, RemoteKite>();
  type Listener = Parameters<KiteSource['watchKites']>[1];
  const listeners = new Set<Listener>();
  const registry: ReturnType<typeof makeRegistry> = {
    failure: undefined,
    getKites: () => Promise.resolve([...kites.values()]),
    watchKites(_, listener) {
      if (registry.failure) return Promise.reject(registry.failure);
      listeners.add(listener);
      return Promise.resolve({ kites: [...kites.values()], cancel: () => void listeners.delete(listener) });
    },
    register(url, { id = url, region = 'eu' } = {}) {
      const kite = {
        url,
        kite: { ...caller.identity, id, region, name: 'math' },
        client: (options: object) => caller.newClient(url, options),
      } as unknown as RemoteKite;
      kites.set(id, kite);
      for (const listener of listeners) listener({ action: 'REGISTER', kite });
    },
    silence(id) {
      const kite = { ...(kites.get(id) as object), silentSince: 1 } as RemoteKite;
      kites.set(id, kite);
      for (const listener of listeners) listener({ action: 'SILENT', kite });
    },
    deregister(id) {
      const kite = kites.get(id);
      if (!kite) throw new Error(`${id} is not registered`);
      kites.delete(id);
      for (const listener of listeners) listener({ action: 'DEREGISTER', kite });
    },
  };
  return registry;
}
