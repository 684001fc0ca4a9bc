import { once } from 'node:events';
import net, { isIP, type Socket } from 'node:net';
import { unescape } from 'node:querystring';
import { SocksClient } from 'socks';
import { withoutBrackets } from '../../util/host.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import { messageOf } from '../../util/message-of.js';
import { dialHost, dialPort } from '../handshake/session-url.js';
import type { TunnelRequest } from './tunnel-request.js';
import { proxyError } from './proxy-error.js';

/** Port of SOCKS proxies, if their URL has none. */
const SOCKS_PORT = 1080;

/** Opens a tunnel with SOCKS. As with curl, `socks4` and `socks5` resolve the name of the server here, the others at the proxy. */
export async function open(request: TunnelRequest): Promise<Socket> {
  const { proxy, target, signal } = request;
  const { protocol, hostname, username, password } = proxy.url;
  const type = protocol.startsWith('socks4') ? 4 : 5;
  const host = /^socks[45]:$/.test(protocol) ? await resolve(request, type) : dialHost(target);
  const proxyPort = Number(proxy.url.port) || SOCKS_PORT;
  const address = withoutBrackets(hostname);
  const socket = net.connect({ host: address, port: proxyPort, noDelay: true, signal });
  await once(socket, 'connect');
  try {
    await SocksClient.createConnection({
      proxy: {
        host: address,
        port: proxyPort,
        type,
        ...(username !== '' && { userId: unescape(username) }),
        ...(password !== '' && { password: unescape(password) }),
      },
      destination: { host, port: dialPort(target) },
      command: 'connect',
      existing_socket: socket,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    // Without the error, which contains the password. An unknown status has no name.
    const reason = messageOf(error).replace(/ - \(undefined\)$/, '');
    throw proxyError(proxy, target, `does not open a connection: ${reason}`);
  }
}

async function resolve({ proxy, target }: TunnelRequest, type: 4 | 5): Promise<string> {
  const host = dialHost(target);
  if (isIP(host) !== 0) return host;
  try {
    const addresses = await lookupAddresses(host);
    // SOCKS 4 has no IPv6 addresses.
    return (type === 4 ? addresses.find((address) => isIP(address) === 4) : addresses[0]) ?? host;
  } catch (cause) {
    const hint = `Let the proxy resolve it: write ${proxy.url.protocol === 'socks4:' ? 'socks4a' : 'socks5h'}:// in ${proxy.variable}.`;
    throw proxyError(proxy, target, `needs the address of ${host}, which cannot be resolved here`, {
      cause,
      hint,
    });
  }
}
