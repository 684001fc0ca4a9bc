import { exactQuery, type KiteQuery } from '../../protocol/query.js';
import { type KiteRecord, isNoKitesFound } from './kontrol-responses.js';
import type { RenewToken } from '../call/token-renewal.js';

/** The methods of Kontrol that token renewal uses. */
export interface TokenSource {
  getToken(query: KiteQuery, options: { readonly force?: boolean }): Promise<string>;
  getKites(query: KiteQuery): Promise<readonly Pick<KiteRecord, 'kite' | 'url' | 'token'>[]>;
}

/**
 * Returns a function that gets tokens for a kite. A kite that restarts has a new id: then the token is for the kite with the
 * same name and URL, or else for any kite with the same name. Tokens are valid for all kites with that name.
 */
export function tokenRenewer(kontrol: TokenSource, found: Pick<KiteRecord, 'kite' | 'url'>): RenewToken {
  let { kite } = found;
  return async (why) => {
    const force = why === 'refused';
    try {
      return await kontrol.getToken(exactQuery(kite), { force });
    } catch (error) {
      if (!isNoKitesFound(error)) throw error;
      const { username, environment, name } = kite;
      const kites = await kontrol.getKites(exactQuery({ username, environment, name }));
      const callable = kites.filter(({ token }) => token !== '');
      const next = callable.find(({ url }) => url === found.url) ?? callable[0];
      if (!next) throw error;
      kite = next.kite;
      return force ? await kontrol.getToken(exactQuery(kite), { force }) : next.token;
    }
  };
}
