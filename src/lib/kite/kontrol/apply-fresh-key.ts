import { messageOf } from '../../util/message-of.js';
import type { Logger } from '../../util/logger.js';
import type { Auth } from '../call/client.js';

export interface FreshKeyOptions {
  /** Sets the credentials of later calls to Kontrol. Throws if the key cannot be used. */
  readonly use: (auth: Auth) => void;
  /** Stores the key. Without it, the key is used until the program ends. */
  readonly save: ((jwt: string) => void | Promise<void>) | undefined;
  readonly logger: Logger;
}

/**
 * Applies the fresh kite key that Kontrol issues with a registration after it has changed its keys. If the key cannot be
 * stored, it is used anyway, and the failure is logged.
 */
export async function applyFreshKey(jwt: string, { use, save, logger }: FreshKeyOptions): Promise<void> {
  use({ type: 'kiteKey', key: jwt });
  try {
    await save?.(jwt);
  } catch (error) {
    logger.error(`Cannot store the fresh kite key, which is lost when the program ends: ${messageOf(error)}`);
  }
}
