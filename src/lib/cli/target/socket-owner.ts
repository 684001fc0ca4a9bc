import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { remoteIp } from '../../transport/channel/remote-address.js';

/** The tables of the TCP sockets of this network namespace. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Reads a table. Throws if this system does not have it. */
export type ReadTable = (path: string) => string;

/** Size of the buffer for a table. */
const BUFFER_BYTES = 64 * 1024;

/**
 * The kernel fills a page of at least 4,096 bytes with whole lines of at most 256, so a read that returns fewer bytes than this is
 * the last one.
 */
const SHORT_READ = 2048;

/**
 * Reads to the end, without another read that returns nothing: the kernel would walk all its sockets once more for it, which takes
 * longer than all the rest. Synchronously: the tables are in memory, so the thread pool would not make reading them faster.
 */
const readTable: ReadTable = (path) => {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    let table = '';
    for (;;) {
      const length = readSync(file, buffer);
      table += buffer.toString('latin1', 0, length);
      if (length < SHORT_READ) return table;
    }
  } finally {
    closeSync(file);
  }
};

/**
 * Returns the ids of the users whose sockets listen at a loopback address such as `127.0.0.1:3636` or `[::1]:3636`, also as
 * `0.0.0.0` or `::`, or are still connected there: the program that has accepted a connection may have left the address to
 * another one. Returns none if this system does not report listeners, or if another mechanism forwards the connection.
 */
export function listenerUids(remoteAddress: string, read: ReadTable = readTable): readonly number[] {
  const port = Number(/:(\d+)$/.exec(remoteAddress)?.[1]);
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const addresses = addressesInTables(remoteIp(remoteAddress));
  const sockets = TABLES.flatMap((path) => {
    const table = tryRead(path, read);
    return addresses.flatMap((address) => socketsIn(table, `: ${address}:${hexPort} `));
  });
  if (!sockets.some(({ listens }) => listens)) return [];
  return [...new Set(sockets.map(({ uid }) => uid))];
}

/** The second table does not exist if IPv6 is turned off. */
function tryRead(path: string, read: ReadTable): string {
  try {
    return read(path);
  } catch {
    return '';
  }
}

interface SocketOwner {
  readonly uid: number;
  /** Whether it listens. Otherwise, it is connected. */
  readonly listens: boolean;
}

const LISTEN = '0A';
/** Connected, also if the other end has finished: states in which a socket can still receive or read. */
const CONNECTED: ReadonlySet<string | undefined> = new Set(['01', '04', '05', '08']);

/**
 * Finds lines such as `0: 0100007F:0E34 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 …`. A connection
 * that no program has accepted has the inode 0, and no user.
 */
function socketsIn(table: string, local: string): SocketOwner[] {
  const sockets: SocketOwner[] = [];
  for (let start = table.indexOf(local); start !== -1; start = table.indexOf(local, start + 1)) {
    const fields = table.slice(start + local.length, table.indexOf('\n', start)).split(/ +/);
    const [, state, , , , uid, , inode] = fields;
    const listens = state === LISTEN;
    if (uid === undefined || !/^\d+$/.test(uid)) continue;
    if (listens || (CONNECTED.has(state) && inode !== '0')) sockets.push({ uid: Number(uid), listens });
  }
  return sockets;
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
