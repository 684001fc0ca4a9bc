import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { formatAddress } from '../channel/remote-address.js';
import { credentialsOf } from '../handshake/url-credentials.js';
import type { DialTls } from '../handshake/node-dial-options.js';
import type { Aborter, Outcome, Post } from './post.js';
import { hostOf, isSecure } from '../handshake/session-url.js';

// Just less than the five seconds after which servers commonly close an idle connection: a request that met the closing
// would be lost.
const IDLE_CONNECTION = 4000;

/** The two connections of an XHR session: one on which it listens, one on which it speaks. */
export class NodePost implements Post {
  readonly #request: typeof http.request;
  readonly #agents: readonly http.Agent[];
  readonly #options: http.RequestOptions;
  readonly #limit: number;
  /** Of the server that answered first. */
  #address: string | undefined;

  /** `limit`: bytes of an answer that are read. `resolve`: how the host is resolved. */
  constructor(base: URL, limit: number, tls: DialTls | undefined, resolve: LookupFunction = systemLookup) {
    const secure = isSecure(base);
    const auth = credentialsOf(base);
    const Agent = secure ? https.Agent : http.Agent;
    this.#request = secure ? https.request : http.request;
    this.#agents = [
      new Agent({ keepAlive: true, maxSockets: 1, ...tls }),
      new Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE_CONNECTION, ...tls }),
    ];
    this.#limit = limit;
    this.#options = {
      method: 'POST',
      hostname: hostOf(base),
      port: base.port,
      lookup: (host, options, done) => this.#lookup(resolve, host, options, done),
      ...(auth !== undefined && { auth }),
    };
  }

  post(path: string, body: string, speaking: boolean, done: (outcome: Outcome) => void): Aborter {
    const bytes = Buffer.from(body);
    const request = this.#request({
      ...this.#options,
      path,
      agent: this.#agents[speaking ? 1 : 0],
      headers: { 'content-type': 'text/plain', 'content-length': bytes.length },
    });
    let over = false;
    const finish = (outcome: Outcome): void => {
      if (over) return;
      over = true;
      done(outcome);
    };
    request.on('response', (response) => {
      this.#address ??= response.socket.remoteAddress;
      readAnswer(response, this.#limit, finish);
    });
    request.on('error', finish);
    request.on('close', () => finish(new Error('The connection was closed before the answer was complete')));
    request.end(bytes);
    return {
      abort() {
        over = true;
        request.destroy();
      },
    };
  }

  /** A session is at one server: once it has answered, the name is not resolved again. */
  #lookup(resolve: LookupFunction, ...[host, options, done]: Parameters<LookupFunction>): void {
    const address = this.#address;
    if (address === undefined) resolve(host, options, done);
    else if (options.all) done(null, [{ address, family: isIP(address) }]);
    else done(null, address, isIP(address));
  }

  /** Closes the connections. */
  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

// Node loads this module for names only, which takes a millisecond.
const systemLookup: LookupFunction = (host, options, done) => {
  void import('node:dns').then(({ lookup }) => lookup(host, options, done));
};

function readAnswer(response: http.IncomingMessage, limit: number, done: (outcome: Outcome) => void): void {
  const remoteAddress = formatAddress(response.socket);
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
    } else {
      response.destroy();
      done('tooLarge');
    }
  });
  response.on('error', done);
  response.on('end', () => {
    const text = Buffer.concat(chunks, length).toString();
    done({ status: response.statusCode ?? 0, text, remoteAddress });
  });
}
