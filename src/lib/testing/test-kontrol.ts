/// <reference lib="esnext.disposable" preserve="true" />

import type { AnyMethods } from '../kite/call/method-types.js';
import { Kite } from '../kite/kite.js';
import type { KiteOptions } from '../kite/kite-options.js';
import { Kontrol } from '../kontrol/kontrol.js';
import type { KontrolOptions } from '../kontrol/kontrol-options.js';
import { MemoryStorage } from '../kontrol/storage/memory/memory-storage.js';
import { silentLogger } from '../util/logger.js';

/** A Kontrol in this process, and its kites. */
export interface TestKontrol {
  readonly kontrol: Kontrol;
  readonly url: string;
  /** Returns a kite key for a user. */
  kiteKey(username: string): Promise<string>;
  /**
   * Creates a kite of `username` (default: `bob`) in the environment `test` that uses this Kontrol. Does not listen. `Methods` is
   * the type of what it serves.
   */
  kite<Methods = AnyMethods>(
    name: string,
    options?: KiteOptions & { readonly username?: string },
  ): Promise<Kite<Methods>>;
  /** Closes the kites and then Kontrol. */
  close(): Promise<void>;
  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a Kontrol at a free port of this machine that stores everything in memory and does not log. Its kites use the same
 * clock, if the options have one, and do not read the environment.
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
  const kites: Pick<Kite, 'close'>[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(kites.map((kite) => kite.close({ drainTimeout: 100 })));
    await kontrol.close({ drainTimeout: 100 });
  };
  return {
    kontrol,
    url: kontrol.url,
    kiteKey: (username) => kontrol.newKiteKey(username),
    async kite<Methods>(name: string, kiteOptions: Parameters<TestKontrol['kite']>[1] = {}) {
      const kite = new Kite<Methods>(name, '1.0.0', {
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
    close,
    [Symbol.asyncDispose]: close,
  };
}
