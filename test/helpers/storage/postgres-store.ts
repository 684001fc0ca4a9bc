import { afterAll, beforeAll, beforeEach } from 'vitest';
import { openStorage, type PostgresConfig } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { type Clock, systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { PostgresServer, postgresInstalled } from './postgres-server.js';

/** Timeout of store calls in tests, in milliseconds. */
export const DEADLINE = 3000;

export interface PostgresFixture {
  /** The server of this file. */
  readonly server: PostgresServer;
  /** The database of this test, empty at the start. */
  readonly database: string;
  readonly config: PostgresConfig;
  /** A store in the database, not open yet. With another clock than that of the system, it ignores the time of the server. */
  make(changes?: Partial<PostgresConfig>, clock?: Clock): Storage;
}

/** A PostgreSQL server for the tests of a file, with an empty database for each. Both are removed afterwards. */
export function usePostgres(): PostgresFixture {
  let running: PostgresServer | undefined;
  let database = '';
  if (postgresInstalled) {
    beforeAll(async () => {
      running = await PostgresServer.start();
    });
    afterAll(() => running?.remove());
    beforeEach(async () => {
      database = await fixture.server.newDatabase();
    });
  }
  const fixture: PostgresFixture = {
    get server() {
      if (!running) throw new Error('PostgreSQL has not been started');
      return running;
    },
    get database() {
      return database;
    },
    get config() {
      return {
        type: 'postgres' as const,
        ...fixture.server.login(database),
        connectTimeout: DEADLINE,
        timeout: DEADLINE,
      };
    },
    make: (changes = {}, clock = systemClock) =>
      openStorage({ ...fixture.config, ...changes }, { clock, logger: silentLogger }),
  };
  return fixture;
}
