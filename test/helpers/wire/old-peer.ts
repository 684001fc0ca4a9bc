import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A message on the wire. */
export interface WireMessage {
  readonly method: string | number;
  readonly arguments: readonly Record<string, unknown>[];
  readonly callbacks: Readonly<Record<string, readonly (string | number)[]>>;
}

/** The calls that the peer makes when it is asked to, with the numbers of their response callbacks. */
const QUESTIONS: readonly string[] = [
  '{"method":"hello","arguments":[{"kite":{"name":"old"},"authentication":null,"withArgs":["old"],"responseCallback":"[Function]"}],"callbacks":{"100":[0,"responseCallback"]}}',
  '{"method":"nosuch","arguments":[{"kite":{"name":"old"},"authentication":null,"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"101":[0,"responseCallback"]}}',
  '{"method":"kite.ping","arguments":[{"kite":{"name":"old"},"authentication":null,"withArgs":[],"responseCallback":"[Function]"}],"callbacks":{"102":[0,"responseCallback"]}}',
  '{"method":"failing","arguments":[{"kite":{"name":"old"},"authentication":null,"withArgs":4,"responseCallback":"[Function]"}],"callbacks":{"103":["0","responseCallback"]},"links":[]}',
  '{"method":"giving","arguments":[{"kite":{"name":"old"},"authentication":null,"responseCallback":"[Function]","withArgs":[3,"[Function]"]}],"callbacks":{"104":[0,"responseCallback"],"105":[0,"withArgs",1]}}',
];

/** A kite of another implementation, which knows no extensions: it answers the calls of `recordClient` on every transport. */
export class OldPeer {
  /** What the client has sent: WebSocket messages, or the bodies of its requests. */
  readonly received: string[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  #unanswered = 0;
  #asked = '';

  private constructor(server: Server) {
    this.#server = server;
    this.#sockets = new WebSocketServer({ server });
    this.#sockets.on('connection', (socket, { url = '' }) => this.#accept(socket, url));
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#poll(request, response),
    );
  }

  static async listen(): Promise<OldPeer> {
    const server = createServer();
    const peer = new OldPeer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/kite`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #accept(socket: WebSocket, url: string): void {
    const framed = /\/\d+\/[^/]+\/websocket/.test(url);
    const send = (text: string): void => socket.send(framed ? `a${JSON.stringify([text])}` : text);
    if (framed) socket.send('o');
    socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      this.received.push(frame);
      for (const text of framed ? asList(JSON.parse(frame)) : [frame]) this.#answer(text, send);
    });
    socket.on('close', (code) => this.received.push(`close ${code}`));
  }

  #frames: string[] = ['o'];
  #held: ServerResponse | undefined;

  #poll(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.setHeader('access-control-allow-origin', '*');
      if (!request.url?.includes('/xhr_send')) {
        this.#held = response;
        this.#flush();
        return;
      }
      this.received.push(body);
      response.writeHead(204).end();
      for (const text of asList(JSON.parse(body))) {
        this.#answer(text, (answer) => {
          this.#frames.push(`a${JSON.stringify([answer])}`);
          this.#flush();
        });
      }
    });
  }

  #flush(): void {
    if (!this.#held || this.#frames.length === 0) return;
    this.#held.end(`${this.#frames.shift() ?? ''}\n`);
    this.#held = undefined;
  }

  #answer(text: string, send: (text: string) => void): void {
    const {
      method,
      arguments: [options],
      callbacks,
    } = JSON.parse(text) as WireMessage;
    if (typeof method === 'number') {
      if (method >= 100 && method < 105 && --this.#unanswered === 0) send(this.#asked);
      return;
    }
    const numbers = Object.entries(callbacks);
    const response = numbers.find(([, path]) => path.at(-1) === 'responseCallback')?.[0] ?? '';
    const others = numbers.filter(([number]) => number !== response);
    const respond = (result: unknown, more = '{}'): string =>
      `{"method":${response},"arguments":[{"error":null,"result":${JSON.stringify(result)}}],"callbacks":${more}}`;
    if (method === 'square') send(respond((options?.['withArgs'] as number[] | undefined)?.[0]));
    else if (method === 'fail')
      send(
        `{"method":${response},"arguments":[{"error":{"type":"customError","message":"it failed","code":"E42","id":"0123456789abcdef"},"result":null}],"callbacks":{}}`,
      );
    else if (method === 'each') {
      for (const [number] of others) send(`{"method":${number},"arguments":[1,{"a":2}],"callbacks":{}}`);
      send(respond(others.length));
    } else if (method === 'give') send(respond({ add: '[Function]' }, '{"7":[0,"result","add"]}'));
    else if (method === 'ask') {
      this.#asked = respond('asked');
      this.#unanswered = QUESTIONS.length;
      for (const question of QUESTIONS) send(question);
    }
  }
}

function asList(value: unknown): string[] {
  return Array.isArray(value) ? (value as string[]) : [value as string];
}
