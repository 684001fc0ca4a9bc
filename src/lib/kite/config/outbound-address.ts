import { createSocket } from 'node:dgram';

/**
 * The address of this machine from which `host` is reached. Nothing is sent. Rejects where there is no way to it. (Node
 * only.)
 */
export async function outboundAddress(host: string): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, '');
  const socket = createSocket(bare.includes(':') ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // The port does not matter for the way; 9 is the one that discards.
      socket.connect(9, bare, resolve);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
