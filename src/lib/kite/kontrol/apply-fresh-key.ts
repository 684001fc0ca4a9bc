import type { Logger } from '../../util/logger.js';
import type { Auth } from '../call/client.js';

export interface FreshKeyOptions {
  /** Has later calls to Kontrol carry these credentials. Throws where the key cannot be used. */
  readonly use: (auth: Auth) => void;
  /** Stores the key for the next start. Default: it is lost when the program ends. */
  readonly save: ((jwt: string) => void | Promise<void>) | undefined;
  readonly logger: Logger;
}

/**
 * Takes the fresh kite key that Kontrol hands out with a registration after it has changed its keys. A key that cannot be
 * stored is used nevertheless, and the failure is logged.
 */
export async function applyFreshKey(jwt: string, { use, save, logger }: FreshKeyOptions): Promise<void> {
  use({ type: 'kiteKey', key: jwt });
  try {
    await save?.(jwt);
  } catch (error) {
    logger.error(`The fresh kite key cannot be stored, and is lost when the program ends: ${String(error)}`);
  }
}
