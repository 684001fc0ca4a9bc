import type { BrokerOptions } from 'moleculer';
import { TIMEOUT } from '../../fleet/member.js';

/** Options of a node: the last port is that of the caller. */
export function brokerOptions(ports: readonly number[], index: number): BrokerOptions {
  const nodeID = (port: number): string => `node-${port}`;
  const port = ports[index] ?? 0;
  return {
    nodeID: nodeID(port),
    logger: false,
    requestTimeout: TIMEOUT,
    transporter: {
      type: 'TCP',
      options: {
        port,
        udpDiscovery: false,
        urls: ports.map((each) => `127.0.0.1:${each}/${nodeID(each)}`),
      },
    },
  };
}
