import { createSocket } from 'node:dgram';
import { withoutBrackets } from '../../util/host.js';

/** Returns the local address from which `host` is reached. Sends nothing. Rejects if there is no route to the host. */
export async function outboundAddress(host: string): Promise<string> {
  const bare = withoutBrackets(host);
  const socket = createSocket(bare.includes(':') ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // The port does not matter for routing; 9 is the discard port.
      socket.connect(9, bare, resolve);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
