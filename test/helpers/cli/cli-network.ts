import { join } from 'node:path';
import { Kontrol, type KontrolOptions } from '../../../src/lib/kontrol.js';
import type { KiteOptions } from '../../../src/lib/index.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { FakeStorage } from '../storage/fake-storage.js';
import { testKeyPair } from '../kite/keys.js';
import { Cli } from './cli-harness.js';
import { TestKite } from './cli-kite.js';

/** A Kontrol, the user bob with a kite key, and registered kites of bob's. */
export class Network {
  readonly cli: Cli;
  readonly kontrol: Kontrol;
  /** The kite key of bob. */
  readonly jwt: string;
  readonly #kites: TestKite[] = [];

  private constructor(cli: Cli, kontrol: Kontrol, jwt: string) {
    this.cli = cli;
    this.kontrol = kontrol;
    this.jwt = jwt;
  }

  static async create(options: Partial<KontrolOptions> = {}): Promise<Network> {
    const cli = await Cli.create();
    const kontrol = new Kontrol({
      storage: new FakeStorage(),
      port: 0,
      keyPair: await testKeyPair(0),
      env: {},
      logger: silentLogger,
      ...options,
    });
    await kontrol.listen();
    const jwt = await kontrol.newKiteKey('bob');
    await writeKiteKeyFile(jwt, { home: join(cli.home, '.kite') });
    return new Network(cli, kontrol, jwt);
  }

  /** A kite of bob's that is registered: `/bob/prod/math` by default. */
  async register(options: KiteOptions = {}, name = 'math'): Promise<TestKite> {
    const remote = new TestKite(
      { kiteKey: this.jwt, environment: 'prod', logger: silentLogger, ...options },
      name,
    );
    await remote.kite.listen();
    await remote.kite.register();
    this.#kites.push(remote);
    return remote;
  }

  /** A kite key of this Kontrol for another user. */
  keyOf(username: string): Promise<string> {
    return this.kontrol.newKiteKey(username);
  }

  async close(): Promise<void> {
    for (const { kite } of this.#kites) await kite.close();
    await this.kontrol.close({ drainTimeout: 100 });
    await this.cli.remove();
  }
}
