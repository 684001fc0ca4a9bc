import { Kite } from '../kite/kite.js';
import type { KiteOptions } from '../kite/kite-options.js';
import { Kontrol } from '../kontrol/kontrol.js';
import type { KontrolOptions } from '../kontrol/kontrol-options.js';
import { MemoryStorage } from '../kontrol/storage/memory/memory-storage.js';
import { silentLogger } from '../util/logger.js';

/** A Kontrol in this process, and kites that belong to it. */
export interface TestKontrol {
  readonly kontrol: Kontrol;
  readonly url: string;
  /** A kite key for a user. */
  kiteKey(username: string): Promise<string>;
  /** A kite of `username`, default `bob`, in the environment `test`, that knows this Kontrol. It does not listen yet. */
  kite(name: string, options?: KiteOptions & { readonly username?: string }): Promise<Kite>;
  /** Closes the kites and then Kontrol. */
  close(): Promise<void>;
}

/**
 * A Kontrol at a free port of this machine that keeps everything in memory and logs nothing. Kites of it share its clock,
 * where it is given one, and read nothing of the environment.
 */
export async function testKontrol(options: Partial<KontrolOptions> = {}): Promise<TestKontrol> {
  const kontrol = new Kontrol({
    storage: new MemoryStorage(),
    port: 0,
    env: {},
    logger: silentLogger,
    ...options,
  });
  await kontrol.listen();
  const kites: Kite[] = [];
  return {
    kontrol,
    url: kontrol.url,
    kiteKey: (username) => kontrol.newKiteKey(username),
    async kite(name, kiteOptions = {}) {
      const kite = new Kite(name, '1.0.0', {
        port: 0,
        environment: 'test',
        env: {},
        logger: silentLogger,
        kiteKey: await kontrol.newKiteKey(kiteOptions.username ?? 'bob'),
        kontrolUrl: kontrol.url,
        ...(options.clock && { clock: options.clock }),
        ...kiteOptions,
      });
      kites.push(kite);
      return kite;
    },
    async close() {
      await Promise.all(kites.map((kite) => kite.close({ drainTimeout: 100 })));
      await kontrol.close({ drainTimeout: 100 });
    },
  };
}
