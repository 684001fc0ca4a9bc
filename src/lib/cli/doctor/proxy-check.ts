import { proxyFinder } from '../../kite/config/find-proxy.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { describeProxy, noProxy } from '../../transport/handshake/forward-proxy.js';
import { type Finding, fromError, ok } from './check.js';

/** Checks which proxy the connections to Kontrol use. Returns no finding if the environment names none. */
export function checkProxy(url: string, env: Environment): Finding[] {
  const findProxy = proxyFinder(env);
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
