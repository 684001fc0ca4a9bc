import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type EtcdConfig, openStorage } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { type EtcdOptions, EtcdServer, etcdInstalled } from './etcd-server.js';

/** Timeout of store calls in tests, in milliseconds. */
export const DEADLINE = 3000;

export interface EtcdFixture {
  /** The server of this file. */
  readonly server: EtcdServer;
  /** The prefix of this test's keys: no key has it at the start. */
  readonly prefix: string;
  readonly config: EtcdConfig;
  /** A store on the server, not open yet. */
  make(changes?: Partial<EtcdConfig>): Storage;
}

/** An etcd for the tests of a file, with separate keys for each. It is removed afterwards. */
export function useEtcd(options: EtcdOptions = {}): EtcdFixture {
  let running: EtcdServer | undefined;
  let tests = 0;
  if (etcdInstalled) {
    beforeAll(async () => {
      running = await EtcdServer.start(options);
    });
    afterAll(() => running?.remove());
    beforeEach(() => {
      tests += 1;
    });
  }
  const fixture: EtcdFixture = {
    get server() {
      if (!running) throw new Error('etcd has not been started');
      return running;
    },
    get prefix() {
      return `/test-${tests}/`;
    },
    get config() {
      const { prefix, server } = fixture;
      return { type: 'etcd' as const, machines: server.urls, timeout: DEADLINE, prefix };
    },
    make: (changes = {}) =>
      openStorage({ ...fixture.config, ...changes }, { clock: systemClock, logger: silentLogger }),
  };
  return fixture;
}
