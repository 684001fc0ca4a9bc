import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Dice } from './fuzz-run.js';
import { acceptKey } from '../../../src/lib/transport/websocket/upgrade.js';
import { webSocketFrame } from './http-requests.js';
import { mutate, mutateJson } from './mutate.js';
import { parseJson } from '../../../src/lib/util/parse-json.js';
import { record } from '../../../src/lib/util/record.js';
import { readClientFrames } from './client-frames.js';

/** A server whose answers are hostile, for one client of any kind. */
export interface HostileServer {
  readonly url: string;
  close(): void;
}

/** Results of the methods that clients of Kontrol and of proxies call, by method. The answers are made from them. */
export type PlausibleResults = Readonly<Record<string, unknown>>;

/** Starts a server whose answers these choices decide. */
export async function startHostileServer(dice: Dice, results: PlausibleResults): Promise<HostileServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let head = '';
    const onData = (data: Buffer): void => {
      head += data.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', onData);
      new Conversation(socket, dice, results).answer(head.slice(0, end), head.slice(end + 4));
    };
    socket.on('data', onData);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/kite`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const STATUSES = [
  '200 OK',
  '204 No Content',
  '100 Continue',
  '101 Switching Protocols',
  '103 Early Hints',
  '304 Not Modified',
  '400 Bad Request',
  '401 Unauthorized',
  '404 Not Found',
  '429 Too Many Requests',
  '500 x',
  '503 Service Unavailable',
  '099 x',
  '600 x',
  '999 x',
  '0 x',
  '200 \x01',
];
const LOCATIONS = [
  '/',
  '//',
  '',
  'http://127.0.0.1:1/',
  'http://[::1',
  'file:///etc/passwd',
  'javascript:1',
  '\x01',
  'x'.repeat(5000),
];
const OPENS = ['o', 'o', 'o["lines"]', 'o["lines"]', 'o["lines","x",1]', 'o[]', 'o{}', 'o["lines'];
const CLOSES = ['c[3000,"Go away!"]', 'c[]', 'c[1e9,1]', 'c["x"]', 'c', 'c{}', 'c[1006,""]', 'c[2010,null]'];

/** The connection of one client. */
class Conversation {
  readonly #socket: net.Socket;
  readonly #dice: Dice;
  readonly #results: PlausibleResults;

  constructor(socket: net.Socket, dice: Dice, results: PlausibleResults) {
    this.#socket = socket;
    this.#dice = dice;
    this.#results = results;
  }

  /** Answers a request, and what follows it on the connection. */
  answer(request: string, rest: string): void {
    const dice = this.#dice;
    if (dice.chance(0.04)) {
      // No answer: the client has to give up.
      return;
    }
    if (/\r\nupgrade: websocket/i.test(request)) this.#upgrade(request, rest);
    else this.#write(this.#response(request, rest), dice.chance(0.8));
  }

  #response(request: string, body: string): string {
    const dice = this.#dice;
    const path = /^\w+ ([^\s?]+)/.exec(request)?.[1] ?? '';
    let text = this.#bodyFor(path, body);
    if (dice.chance(0.3)) text = mutate(text, dice);
    let status = dice.chance(0.85) ? '200 OK' : dice.pick(STATUSES);
    const headers = ['Content-Type: application/json', 'Connection: close'];
    if (dice.chance(0.1)) {
      status = dice.pick(['301 Moved', '302 Found', '303 See', '307 Temporary', '308 Permanent']);
      headers.push(`Location: ${dice.pick(LOCATIONS)}`);
    }
    const framing = dice.below(20);
    if (framing < 13) headers.push(`Content-Length: ${text.length}`);
    else if (framing < 15) headers.push(`Content-Length: ${dice.pick([0, -1, text.length + 9, 1e12, 'x'])}`);
    else if (framing < 17) {
      headers.push('Transfer-Encoding: chunked');
      text = dice.chance(0.7) ? `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n` : text;
    } else if (framing === 17) headers.push('Content-Encoding: gzip');
    if (dice.chance(0.05)) headers.push(`X: ${'x'.repeat(20_000)}`);
    if (dice.chance(0.05)) headers.push(`Set-Cookie: ${dice.bytes(20).replace(/[\r\n]/g, '')}`);
    const whole = `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${text}`;
    return dice.chance(0.15) ? mutate(whole, dice) : whole;
  }

  #bodyFor(path: string, body: string): string {
    const dice = this.#dice;
    if (path.endsWith('/info')) {
      return JSON.stringify(
        mutateJson({ websocket: true, cookie_needed: false, origins: ['*:*'], entropy: 1 }, dice),
      );
    }
    if (path.endsWith('/xhr_send')) return '';
    if (path.endsWith('/xhr')) {
      if (dice.chance(0.5)) return `${dice.pick(OPENS)}\n`;
      return `${this.#sessionFrame()}\n`;
    }
    if (path.endsWith('/register')) return JSON.stringify(mutateJson(this.#results['register'], dice));
    if (path.includes('/heartbeat'))
      return dice.pick(['pong', 'registeragain', '', 'x'.repeat(9000), 'null']);
    return dice.pick(['Welcome to SockJS!\n', body, '<!doctype html>', '{}']);
  }

  #upgrade(request: string, rest: string): void {
    const dice = this.#dice;
    const key = /\r\nsec-websocket-key: *(\S+)/i.exec(request)?.[1] ?? '';
    const accept = dice.chance(0.96) ? acceptKey(key) : dice.pick(['', 'x', acceptKey('x')]);
    const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    if (dice.chance(0.05))
      headers.push(
        `Sec-WebSocket-Extensions: ${dice.pick(['permessage-deflate', 'x', ';', 'permessage-deflate; server_max_window_bits=99'])}`,
      );
    if (dice.chance(0.05)) headers.push(`Sec-WebSocket-Protocol: ${dice.pick(['a', '', ';'])}`);
    const status = dice.chance(0.92) ? '101 Switching Protocols' : dice.pick(STATUSES);
    const head = `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n`;
    this.#write(dice.chance(0.05) ? mutate(head, dice) : head, false);
    const framed = !/^\w+ \/kite\/websocket/.test(request);
    const open = dice.pick(OPENS);
    if (dice.chance(framed ? 0.95 : 0.3)) this.#frame(open);
    // A raw WebSocket carries frames once it is open.
    const lines = open.includes('lines');
    if (dice.chance(0.3)) this.#frame(framed ? this.#sessionFrame() : this.#message(undefined));
    let buffered: Buffer = Buffer.from(rest, 'latin1');
    const onData = (data: Buffer): void => {
      const { payloads, rest: remaining } = readClientFrames(Buffer.concat([buffered, data]));
      buffered = remaining;
      for (const payload of payloads) this.#respond(payload, framed, lines);
    };
    this.#socket.on('data', onData);
    onData(Buffer.alloc(0));
  }

  /** Answers the calls in a frame of the client, and sends frames that it does not expect. */
  #respond(payload: string, framed: boolean, lines: boolean): void {
    const dice = this.#dice;
    for (const message of messagesIn(payload, framed)) {
      const answers = [this.#message(message)];
      while (dice.chance(0.25)) answers.push(this.#message(dice.chance(0.5) ? message : undefined));
      const asLines = lines && dice.chance(0.8);
      const whole = framed ? `a${JSON.stringify(answers)}` : (answers[0] ?? '');
      const text = asLines ? answers.join('\n') : whole;
      this.#frame(dice.chance(0.15) ? mutate(text, dice) : text);
    }
    if (framed && dice.chance(0.15)) this.#frame(this.#sessionFrame());
    if (dice.chance(0.05)) this.#socket.destroy();
  }

  #sessionFrame(): string {
    const dice = this.#dice;
    const choice = dice.below(10);
    if (choice < 6) return `a${JSON.stringify([this.#message(undefined)])}`;
    return choice < 8
      ? dice.pick(CLOSES)
      : dice.pick(['h', 'o', '', 'x', 'm"x"', 'a', 'a{}', 'a[1]', 'a[[[[', 'a["', '{}\n', '\n', '{}\n\n{}']);
  }

  /** A message: the answer to a call of the client, or a call of the server. */
  #message(call: ClientCall | undefined): string {
    const dice = this.#dice;
    const message = call
      ? { method: call.callback, arguments: [this.#outcome(call)], callbacks: {} }
      : {
          method: dice.pick([
            'kite.heartbeat',
            'kite.tunnel',
            'kite.ping',
            'kite.describe',
            'kite.handleWebRTC',
            'log',
            0,
            1,
            2,
            -1,
            1e9,
          ]),
          arguments: [
            {
              kite: {},
              authentication: null,
              withArgs: [dice.pick([0, '[Function]', { url: 'ws://127.0.0.1:1/' }, {}])],
              responseCallback: '[Function]',
            },
          ],
          callbacks: { 0: [0, 'responseCallback'], ...(dice.chance(0.3) && { 1: [0, 'withArgs', 0] }) },
        };
    return JSON.stringify(dice.chance(0.15) ? mutateJson(message, dice) : message);
  }

  #outcome({ method }: ClientCall): unknown {
    const dice = this.#dice;
    const error = { type: 'authenticationError', message: 'no', code: 'x', requestID: '1' };
    if (dice.chance(0.15)) return { error: mutateJson(error, dice), result: null };
    const result = this.#results[method] ?? 16;
    return { error: null, result: dice.chance(0.7) ? mutateJson(result, dice) : result };
  }

  #frame(payload: string): void {
    const dice = this.#dice;
    const text = Buffer.from(payload, 'utf8').toString('latin1');
    const frame = webSocketFrame(dice.chance(0.97) ? text : payload, dice, false);
    this.#write(frame, false);
  }

  #write(bytes: string, end: boolean): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    const reset = this.#dice.chance(0.03);
    socket.write(bytes, 'latin1', () => {
      if (reset) socket.resetAndDestroy();
    });
    if (end && !reset) socket.end();
  }
}

/** A call in a message of the client. */
interface ClientCall {
  readonly method: string;
  /** The number of its response callback. */
  readonly callback: number;
}

/** The calls in a frame of the client. Empty if the client is a fuzzer as well, and the frame is not one. */
function messagesIn(payload: string, framed: boolean): ClientCall[] {
  const inLines = payload.startsWith('{') ? payload.split('\n') : undefined;
  const frame = inLines ?? (framed ? parseJson(payload) : [payload]);
  const texts: readonly unknown[] = Array.isArray(frame) ? frame : [];
  return texts.flatMap((text): ClientCall[] => {
    const { method, callbacks } = record(parseJson(String(text)));
    const paths = Object.entries(record(callbacks));
    const callback = paths.find(([, path]) => Array.isArray(path) && path.at(-1) === 'responseCallback')?.[0];
    return typeof method === 'string' && callback !== undefined
      ? [{ method, callback: Number(callback) }]
      : [];
  });
}
