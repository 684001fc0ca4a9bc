import type { Channel } from '../channel/channel.js';
import type { DialOptions } from '../handshake/dial-options.js';
import { abortedError, DialError, isDialError } from '../handshake/dial-error.js';
import { parseBaseUrl, pathUnder } from '../handshake/session-url.js';

/** What a platform, Node or a page, has to connect with. */
export interface Dialers<Options extends DialOptions> {
  /** A WebSocket at `path`, which carries the query; `framed`: with SockJS on it. */
  webSocket(base: URL, path: string, framed: boolean, options: Options): Promise<Channel>;
  /** A session over XHR polling, which is `session` under the base URL. */
  xhr(base: URL, session: string, options: Options): Promise<Channel>;
  /** Whether `auto` goes on to XHR polling after this failure of WebSocket. */
  passesOver(error: DialError): boolean;
  /** What `auto` tries WebSocket with. Default: the same options. */
  firstTry?(options: Options): Options;
  /** 32 hexadecimal digits that nobody can guess. */
  newName(): string;
  /** What a relative URL is relative to. Default: none is accepted. */
  readonly here?: string | undefined;
}

/**
 * Connects to a SockJS server. `url` is its base URL (`http://host:3636/kite`), of scheme http, https, ws or wss; its
 * query is kept on every request. `RawWebSocket` takes a ws or wss URL as it stands, and adds `/websocket` to an http or
 * https one.
 *
 * Resolves to a channel that has yet to be started. Rejects with a `DialError`.
 */
export function dialBy<Options extends DialOptions>(
  ways: Dialers<Options>,
  url: string,
  options: Options,
): Promise<Channel> {
  const base = parseBaseUrl(url, ways.here);
  if (!base) return Promise.reject(new DialError('invalidUrl', url, NO_URL));
  if (options.signal?.aborted) return Promise.reject(abortedError(base, options.signal));
  const session = (bounded = options): Promise<Channel> =>
    ways.webSocket(base, pathUnder(base, `${sessionPath(ways.newName())}/websocket`), true, bounded);
  const poll = (bounded = options): Promise<Channel> => ways.xhr(base, sessionPath(ways.newName()), bounded);
  const begun = options.clock.now();
  const { transport }: DialOptions = options;
  switch (transport) {
    case 'WebSocket':
      return session();
    case 'RawWebSocket':
      return ways.webSocket(base, rawPath(base), false, options);
    case 'XHRPolling':
      return poll();
    default:
      // A transport without a case is a type error. Only Node's `dial` supports `Session`.
      transport satisfies 'auto' | 'Session';
      return session(ways.firstTry?.(options)).catch((error: unknown) => {
        if (isDialError(error) && ways.passesOver(error)) return poll(rest(options, begun));
        throw error;
      });
  }
}

const NO_URL = 'not a URL with http, https, ws or wss, such as http://localhost:3636/kite';

/** The options, with what is left of the time for the handshake. */
function rest<Options extends DialOptions>(options: Options, begun: number): Options {
  const { handshakeTimeout, clock } = options;
  if (handshakeTimeout === 0) return options;
  return { ...options, handshakeTimeout: Math.max(1, handshakeTimeout - (clock.now() - begun)) };
}

function rawPath(base: URL): string {
  const exact = base.protocol === 'ws:' || base.protocol === 'wss:';
  return exact ? base.pathname + base.search : pathUnder(base, '/websocket');
}

/** `/042/8f0c…`: three digits for balancers, and a name that nobody can guess. */
function sessionPath(name: string): string {
  return `/${String(Number.parseInt(name.slice(0, 4), 16) % 1000).padStart(3, '0')}/${name.slice(4)}`;
}
