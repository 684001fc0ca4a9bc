import { describeProxy, type FindProxy, noProxy } from '../../transport/handshake/forward-proxy.js';
import { type Finding, fromError, ok } from './check.js';

/** Checks which proxy the connections to Kontrol use. Returns no finding if the environment names none. */
export function checkProxy(url: string, findProxy: FindProxy): Finding[] {
  if (findProxy === noProxy || !URL.canParse(url)) return [];
  try {
    const proxy = findProxy(new URL(url));
    const detail = proxy
      ? `connections to ${url} use ${describeProxy(proxy)}`
      : `not used for ${url}: it is a loopback host, NO_PROXY names it, or no variable is for its scheme`;
    return [ok('proxy', detail)];
  } catch (error) {
    return [fromError('proxy', error)];
  }
}
