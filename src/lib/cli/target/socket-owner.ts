import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { remoteIp } from '../../transport/channel/remote-address.js';

/** The tables of the TCP sockets of this network namespace. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Reads a table. Rejects if this system does not have it. */
export type ReadTable = (path: string) => Promise<string>;

const readTable: ReadTable = (path) => readFile(path, 'latin1');

/**
 * Returns the ids of the users whose sockets listen at a loopback address such as `127.0.0.1:3636` or `[::1]:3636`, also as
 * `0.0.0.0` or `::`. Returns none if this system does not report them, or if another mechanism forwards the connection.
 */
export async function listenerUids(
  remoteAddress: string,
  read: ReadTable = readTable,
): Promise<readonly number[]> {
  const port = Number(/:(\d+)$/.exec(remoteAddress)?.[1]);
  const addresses = addressesInTables(remoteIp(remoteAddress));
  // The second does not exist if IPv6 is turned off.
  const tables = await Promise.all(TABLES.map((path) => read(path).catch(() => '')));
  const lines = tables.flatMap((table) => table.split('\n'));
  return [...new Set(lines.flatMap((line) => uidOfListener(line, addresses, port)))];
}

const LISTEN = '0A';

/** Reads a line such as `0: 0100007F:0E34 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 …`. */
function uidOfListener(line: string, addresses: readonly string[], port: number): number[] {
  const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
  if (state !== LISTEN || uid === undefined || !/^\d+$/.test(uid)) return [];
  const [address = '', hexPort = ''] = local.split(':');
  return addresses.includes(address) && Number.parseInt(hexPort, 16) === port ? [Number(uid)] : [];
}

const ZERO = [0, 0, 0, 0];

/** Returns how the tables write the addresses at which a socket can listen for connections to a loopback address. */
function addressesInTables(ip: string): readonly string[] {
  const octets = ip
    .slice(ip.lastIndexOf(':') + 1)
    .split('.')
    .map(Number);
  const any6 = inTable(ZERO, ZERO, ZERO, ZERO);
  if (octets.length !== 4) return [inTable(ZERO, ZERO, ZERO, [0, 0, 0, 1]), any6];
  return [inTable(octets), inTable(ZERO), inTable(ZERO, ZERO, [0, 0, 255, 255], octets), any6];
}

/** The tables write each four bytes of an address as a number in the byte order of this machine. */
function inTable(...words: readonly (readonly number[])[]): string {
  const bytes = words.flatMap((word) => (endianness() === 'LE' ? word.toReversed() : word));
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
