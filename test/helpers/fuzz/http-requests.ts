import type { Dice } from './fuzz-run.js';
import { mutate } from './mutate.js';

/** What a fuzzer knows about a server. */
export interface FuzzedServer {
  readonly hosts: readonly string[];
  /** Paths that it serves, with or without a query. */
  readonly paths: readonly string[];
  /** Bodies and messages that it understands. */
  readonly bodies: readonly string[];
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'TRACE'];
const ODD_METHODS = ['CONNECT', 'get', 'PRI', 'SOURCE', 'M-SEARCH', 'QUERY', '', 'G\0T', 'X'.repeat(9000)];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.1 ',
  'http/1.1',
  '',
];
const ORIGINS = [
  'null',
  'http://localhost',
  'https://evil.test',
  'file://',
  'http://[::1',
  '',
  'http://a b',
  'x'.repeat(5000),
];
const KEYS = ['x3JJHMbDL1EzLkh9GBhXDw==', '', 'short', 'x3JJHMbDL1EzLkh9GBhXDw==, x3JJHMbDL1EzLkh9GBhXDw=='];
const EXTENSIONS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits=8; server_max_window_bits=8',
  'permessage-deflate; server_max_window_bits=0',
  'permessage-deflate; a; a; a',
  ';;;',
  'x'.repeat(2000),
];

/** Returns the bytes of one or more requests, as a binary string. */
export function requestBytes(server: FuzzedServer, dice: Dice): string {
  const count = dice.chance(0.15) ? 2 + dice.below(3) : 1;
  const whole = Array.from({ length: count }, () => oneRequest(server, dice)).join('');
  return dice.chance(0.25) ? mutate(whole, dice, server.bodies) : whole;
}

function oneRequest(server: FuzzedServer, dice: Dice): string {
  const method = dice.chance(0.05) ? dice.pick(ODD_METHODS) : dice.pick(METHODS);
  const upgrade = dice.chance(0.3);
  const body = upgrade ? webSocketFrames(server, dice) : bodyOf(server, dice);
  const headers = [
    ...hostHeaders(server, dice),
    ...(upgrade ? upgradeHeaders(dice) : bodyHeaders(body, dice)),
    ...oddHeaders(dice),
  ];
  const shuffled = dice.chance(0.2) ? headers.toReversed() : headers;
  const line = `${upgrade ? 'GET' : method} ${targetOf(server, dice)} ${dice.pick(VERSIONS)}`;
  return `${[line, ...shuffled].join('\r\n')}\r\n\r\n${body}`;
}

function targetOf(server: FuzzedServer, dice: Dice): string {
  const path = dice.pick(server.paths);
  const choice = dice.below(10);
  if (choice < 6) return path;
  if (choice < 8) return mutate(path, dice, server.paths).replace(/[ \r\n]/g, '');
  if (choice === 8) return `http://${dice.pick(server.hosts)}${path}`;
  return dice.pick([
    '*',
    '',
    '/',
    '//',
    '?',
    '/?',
    '/%',
    `/${'a/'.repeat(3000)}`,
    `${path}?${'x=1&'.repeat(1500)}`,
  ]);
}

function hostHeaders({ hosts }: FuzzedServer, dice: Dice): string[] {
  if (dice.chance(0.03)) return [];
  const host = dice.chance(0.06) ? mutate(dice.pick(hosts), dice) : dice.pick(hosts);
  return dice.chance(0.03) ? [`Host: ${host}`, `Host: ${dice.pick(hosts)}`] : [`Host: ${host}`];
}

function bodyOf({ bodies }: FuzzedServer, dice: Dice): string {
  if (dice.chance(0.3)) return '';
  const body = dice.pick(bodies);
  return dice.chance(0.5) ? mutate(body, dice, bodies) : body;
}

function bodyHeaders(body: string, dice: Dice): string[] {
  const length = `Content-Length: ${body.length}`;
  const choice = dice.below(20);
  if (choice < 12) return [length];
  if (choice < 14)
    return [
      `Content-Length: ${dice.pick([-1, 0, body.length + 1, body.length - 1, 1e9, 1e21, '0x1', 'a', '+1'])}`,
    ];
  if (choice < 16) return ['Transfer-Encoding: chunked'];
  if (choice === 16) return ['Transfer-Encoding: chunked', length];
  if (choice === 17) return [length, 'Content-Length: 0'];
  if (choice === 18) return ['Transfer-Encoding: gzip, chunked', 'Content-Encoding: gzip'];
  return [];
}

function upgradeHeaders(dice: Dice): string[] {
  const headers = [
    `Connection: ${dice.chance(0.9) ? 'Upgrade' : dice.pick(['keep-alive, upgrade', 'close', ''])}`,
    `Upgrade: ${dice.chance(0.9) ? 'websocket' : dice.pick(['h2c', 'WebSocket', 'websocket, foo', ''])}`,
    `Sec-WebSocket-Version: ${dice.chance(0.9) ? '13' : dice.pick(['8', '0', '13, 8', 'x'])}`,
    `Sec-WebSocket-Key: ${dice.chance(0.9) ? KEYS[0] : dice.pick(KEYS)}`,
  ];
  if (dice.chance(0.2)) headers.push(`Sec-WebSocket-Extensions: ${dice.pick(EXTENSIONS)}`);
  if (dice.chance(0.1))
    headers.push(`Sec-WebSocket-Protocol: ${dice.pick(['a', 'a, a', ';', '', 'x'.repeat(3000)])}`);
  if (dice.chance(0.05)) headers.push('Content-Length: 5');
  return dice.chance(0.1) ? headers.slice(1) : headers;
}

function oddHeaders(dice: Dice): string[] {
  const headers: string[] = [];
  const add = (probability: number, make: () => string): void => {
    if (dice.chance(probability)) headers.push(make());
  };
  add(0.15, () => `Origin: ${dice.pick(ORIGINS)}`);
  add(
    0.1,
    () =>
      `Connection: ${dice.pick(['close', 'keep-alive', 'host', 'content-length, close', ',,,', 'x'.repeat(2000)])}`,
  );
  add(0.05, () => `Expect: ${dice.pick(['100-continue', '200-ok', ''])}`);
  add(0.05, () => `Cookie: JSESSIONID=${dice.pick(['a', '', ';', '%0d%0a', 'x'.repeat(4000)])}`);
  add(0.05, () => `Via: ${dice.pick(['1.1 a', ',', '1.1', ' , ,1.1 kite-x'])}`);
  add(0.05, () => `X-Forwarded-For: ${dice.pick(['1.2.3.4', '::1', 'unknown', ',', '\x01'])}`);
  add(0.05, () => `Access-Control-Request-Headers: ${dice.pick(['x', '*', '\t', 'x'.repeat(4000)])}`);
  add(0.05, () => `Content-Type: ${dice.pick(['application/json', 'text/plain; charset=utf-7', '', '/'])}`);
  add(0.05, () => `Range: bytes=${dice.pick(['0-1', '-1', '5-1', '0-1,2-3', 'x'])}`);
  add(0.05, () => `If-None-Match: ${dice.pick(['*', '""', 'W/"x"', '"'])}`);
  add(
    0.03,
    () => `${dice.pick(['__proto__', 'constructor', 'Transfer-Encoding ', 'X\0Y', ' folded', '', ':'])}: 1`,
  );
  add(0.02, () => Array.from({ length: 200 }, (_, n) => `X-${n}: 1`).join('\r\n'));
  add(0.02, () => `X: ${dice.bytes(30).replace(/[\r\n]/g, '')}`);
  return headers;
}

/** Frames of a client over a WebSocket: text, binary, fragments, control frames and broken ones. */
export function webSocketFrames({ bodies }: FuzzedServer, dice: Dice): string {
  return Array.from({ length: dice.below(4) }, () => {
    const payload = dice.chance(0.6) ? dice.pick(bodies) : mutate(dice.pick(bodies), dice, bodies);
    return webSocketFrame(payload, dice, true);
  }).join('');
}

/** One frame of a WebSocket as a binary string, often with the flags of another. */
export function webSocketFrame(payload: string, dice: Dice, masked: boolean): string {
  const opcode = dice.chance(0.95)
    ? 0x81
    : dice.pick([0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xc1, 0xf1, 0x08]);
  const { length } = payload;
  const flag = (dice.chance(0.02) ? !masked : masked) ? 0x80 : 0;
  const claimed = dice.chance(0.03) ? dice.pick([0, 1, 125, 65_535, 2 ** 31]) : length;
  const header = Buffer.alloc(claimed < 126 ? 2 : claimed < 65_536 ? 4 : 10);
  header[0] = opcode;
  if (claimed < 126) header[1] = flag | claimed;
  else if (claimed < 65_536) {
    header[1] = flag | 126;
    header.writeUInt16BE(claimed, 2);
  } else {
    header[1] = flag | 127;
    header.writeBigUInt64BE(BigInt(claimed), 2);
  }
  // A mask of zeros leaves the payload as it is.
  return header.toString('latin1') + (flag === 0 ? '' : '\0\0\0\0') + payload;
}
