import { existsSync } from 'node:fs';
import type { BothEnds } from './peer.js';

/** The peers of `bench/package.json`, by the names of their files. */
const OTHERS: Readonly<Record<string, string>> = {
  'socket.io': 'socket-io',
  "Cap'n Web": 'capnweb',
  tRPC: 'trpc',
  oRPC: 'orpc',
};

/** Whether the dependencies of `bench/package.json` are installed. */
const installed = existsSync(new URL('../node_modules', import.meta.url));

/** The names of the peers that can be measured. */
export const peerNames: readonly string[] = [
  'bare',
  'kitectl',
  'kitectl+key',
  'kite.js',
  ...(installed ? Object.keys(OTHERS) : []),
];

/** Loads a peer by its name. `key` is the key pair that signs the kite key of `kitectl+key`. */
export async function loadPeer(name: string, key: string): Promise<BothEnds> {
  const other = OTHERS[name];
  if (other !== undefined) return (await import(`./others/${other}.ts`)) as BothEnds;
  switch (name) {
    case 'bare':
      return import('./bare.js');
    case 'kite.js':
      return import('./kite-js.js');
    case 'kitectl':
      return import('./kitectl.js');
    case 'kitectl+key':
      return (await import('./kitectl.js')).authenticated(key);
    default:
      throw new Error(`There is no peer ${JSON.stringify(name)}: use some of ${peerNames.join(', ')}`);
  }
}
