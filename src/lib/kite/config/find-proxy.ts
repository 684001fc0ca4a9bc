import { DialError } from '../../transport/handshake/dial-error.js';
import { type FindProxy, noProxy } from '../../transport/handshake/forward-proxy.js';
import { dialPort, isSecure } from '../../transport/handshake/session-url.js';
import { isLoopbackHost } from '../../util/loopback.js';
import { kiteSettings } from './kite-settings.js';
import { namesServer } from './no-proxy.js';
import { type Environment, resolveSetting } from './resolve-setting.js';

const { httpsProxy, httpProxy, allProxy, noProxy: exceptions } = kiteSettings;

/**
 * Returns a function that finds the proxy of each connection in the environment. Loopback hosts are never connected to through a
 * proxy, as in Go: the proxy would connect to its own machine.
 */
export function proxyFinder(env: Environment): FindProxy {
  const settings = [httpsProxy, httpProxy, allProxy];
  if (settings.every((setting) => resolveSetting(setting, { env }).source.type === 'default')) return noProxy;
  return (target) => {
    if (isLoopbackHost(target.hostname)) return undefined;
    const own = resolveSetting(isSecure(target) ? httpsProxy : httpProxy, { env });
    const found = own.source.type === 'default' ? resolveSetting(allProxy, { env }) : own;
    if (found.source.type !== 'variable') return undefined;
    const direct = resolveSetting(exceptions, { env });
    if (direct.type === 'resolved' && direct.value !== undefined) {
      if (namesServer(direct.value, target.hostname, dialPort(target))) return undefined;
    }
    const variable = found.source.name;
    if (found.type === 'refused') {
      const reason = found.reason.replace(/^The/, 'the');
      throw new DialError('proxy', target, reason, { hint: `Correct ${variable}, or unset it.` });
    }
    return found.value && { url: found.value, variable };
  };
}
