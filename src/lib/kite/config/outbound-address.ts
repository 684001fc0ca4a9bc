import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { guardListeners } from '../../util/guard-listeners.js';
import { withoutBrackets } from '../../util/host.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import type { LookupAddresses } from '../../util/loopback.js';

/**
 * Returns the local address from which `host` is reached, an IPv4 address if there is one. Sends nothing. Rejects if the name of
 * the host cannot be resolved, or if there is no route to it.
 */
export async function outboundAddress(
  host: string,
  lookup: LookupAddresses = lookupAddresses,
): Promise<string> {
  const bare = withoutBrackets(host);
  const addresses = isIP(bare) === 0 ? await lookup(bare) : [bare];
  let failure: unknown = new Error('the host has no addresses');
  for (const address of addresses.toSorted((a, b) => isIP(a) - isIP(b))) {
    try {
      return await localAddressTowards(address);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function localAddressTowards(address: string): Promise<string> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      const guarded = guardListeners(reject);
      const onError = guarded(reject);
      socket.once('error', onError);
      // Node passes an error to the callback as well. The port does not matter for routing; 9 is the discard port.
      const onConnect = guarded((error?: Error) => (error ? reject(error) : resolve()));
      socket.connect(9, address, onConnect);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
