import type { KiteQuery } from '../../protocol/query.js';
import { type FoundKite, isNoKitesFound } from './kontrol-responses.js';
import type { RenewToken } from '../call/token-renewal.js';

/** What renewal asks of Kontrol. */
export interface TokenSource {
  getToken(query: KiteQuery, options: { readonly force?: boolean }): Promise<string>;
  getKites(query: KiteQuery): Promise<readonly Pick<FoundKite, 'kite' | 'url' | 'token'>[]>;
}

/**
 * Gets tokens for a kite that was found. A kite that restarts has another id: then for the one with its name that is at
 * its URL, or else any with its name. Whichever it is, tokens are for the name.
 */
export function tokenRenewer(kontrol: TokenSource, found: Pick<FoundKite, 'kite' | 'url'>): RenewToken {
  let { kite } = found;
  return async (why) => {
    const force = why === 'refused';
    try {
      return await kontrol.getToken(kite, { force });
    } catch (error) {
      if (!isNoKitesFound(error)) throw error;
      const { username, environment, name } = kite;
      const kites = await kontrol.getKites({ username, environment, name });
      const callable = kites.filter(({ token }) => token !== '');
      const next = callable.find(({ url }) => url === found.url) ?? callable[0];
      if (!next) throw error;
      kite = next.kite;
      return force ? await kontrol.getToken(kite, { force }) : next.token;
    }
  };
}
