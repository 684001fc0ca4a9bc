import { randomUUID } from 'node:crypto';
import net, { type Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';
import type { Channel } from '../channel/channel.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { maxFrameBytes } from '../sockjs/frame-limit.js';
import { ClientFramedChannel } from './framed-channel.js';
import { RawChannel } from './raw-channel.js';
import { adoptSocket } from './adopt-socket.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import type { DialTls, NodeDialOptions } from '../handshake/node-dial-options.js';
import { PORT_HINT } from '../../errors/dial-hints.js';
import { DialError, statusError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import { redirectError } from '../handshake/redirect-error.js';
import { socketError } from '../handshake/socket-error.js';
import { parseUpgradeResponse, type UpgradeResponse, upgradeRequest } from './upgrade.js';
import { dialHost, dialPort, hostAndPort, isSecure } from '../handshake/session-url.js';
import { openTunnel } from '../forward-proxy/open-tunnel.js';
import { secureTunnel } from '../forward-proxy/secure-tunnel.js';
import { Cancellation } from '../../util/abortable.js';
import { CLOSE_GRACE, RESPONSE_HEADER_BYTES } from '../limits/transport-limits.js';

/**
 * Opens a WebSocket at `path` (including the query) on the server of `base`. Resolves as soon as the WebSocket is open: a
 * SockJS server accepts messages before the client has received the open frame, which saves a round trip.
 */
export function dialWebSocket(
  base: URL,
  path: string,
  framed: boolean,
  options: NodeDialOptions,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const proxy = options.findProxy(base);
    let abort: (reason: DialError) => void;
    const handshake = new Handshake(base, options, (error) => {
      abort(error);
      reject(error);
    });
    const request = (key: string): string => upgradeRequest(base, path, key, options.headers);
    const onSocket = (socket: Socket): void => {
      abort = () => socket.destroy();
      upgrade({ base, path, request }, socket, handshake, (head) => {
        options.opened?.(socket);
        resolve(makeChannel({ base, socket, head, framed, isProxied: proxy !== undefined }, options));
      });
    };
    if (proxy) {
      const opening = new Cancellation();
      abort = (error) => opening.cancel(error);
      const failed = (error: unknown): void => handshake.fail(socketError(base, error));
      openTunnel(proxy, base, opening)
        .then((tunnel) => {
          if (opening.aborted) tunnel.destroy();
          else onSocket(isSecure(base) ? secureTunnel(tunnel, tlsOptions(base, options.tls)) : tunnel);
        })
        .catch(failed);
    } else {
      onSocket(connect(base, options.tls));
    }
  });
}

function connect(base: URL, options: DialTls | undefined): Socket {
  const host = dialHost(base);
  const port = dialPort(base);
  if (!isSecure(base)) return net.connect({ host, port, noDelay: true });
  return tls.connect({ ...tlsOptions(base, options), host, port });
}

function tlsOptions(base: URL, options: DialTls | undefined): ConnectionOptions {
  const host = dialHost(base);
  // SNI does not allow IP addresses. Node then compares the certificate with the host.
  return { servername: net.isIP(host) === 0 ? host : '', ...options, host };
}

interface UpgradeRequest {
  readonly base: URL;
  readonly path: string;
  /** Returns the request with a key. */
  readonly request: (key: string) => string;
}

/** Performs the handshake on a socket that is connecting. `done` is called with the data that arrived after the response. */
function upgrade(
  { base, path, request }: UpgradeRequest,
  socket: Socket,
  handshake: Handshake,
  done: (head: Buffer) => void,
): void {
  const key = newHandshakeKey();
  let received: Buffer | undefined;
  // Over TLS, nothing is sent before the certificate has been verified.
  const connected = isSecure(base) ? 'secureConnect' : 'connect';
  const guarded = guardListeners((error) => {
    socket.destroy();
    handshake.fail(socketError(base, error));
  });
  const onConnect = guarded(() => socket.write(request(key), 'latin1'));
  const onError = guarded((error: Error) => handshake.fail(socketError(base, error)));
  const onClose = guarded(() => handshake.fail(socketError(base, CONNECTION_CLOSED)));
  const onData = guarded((chunk: Buffer) => {
    received = received ? Buffer.concat([received, chunk]) : chunk;
    const response = parseUpgradeResponse(received.toString('latin1', 0, RESPONSE_HEADER_BYTES), key);
    if (!response) return;
    if (response.type !== 'upgraded') {
      handshake.fail(responseError(base, path, response));
    } else if (handshake.succeed()) {
      socket.off(connected, onConnect);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.off('data', onData);
      done(received.subarray(response.length));
    }
  });
  socket.on(connected, onConnect);
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('data', onData);
  // A tunnel is connected.
  if (!isSecure(base) && !socket.connecting) onConnect();
}

/** Returns 16 random bytes, except for the six fixed bits of a UUID: Node generates UUIDs in advance. */
function newHandshakeKey(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
}

const CONNECTION_CLOSED = Object.assign(new Error('The connection was closed before a response arrived'), {
  code: 'ECONNRESET',
});

function responseError(
  base: URL,
  path: string,
  response: Exclude<UpgradeResponse, { type: 'upgraded' }>,
): DialError {
  switch (response.type) {
    case 'refused':
      return redirectError(base, path, response) ?? statusError(base, response.status, 'a WebSocket');
    case 'invalid':
      return new DialError(
        'handshake',
        base,
        `the response to the WebSocket handshake is invalid: ${response.reason}`,
        { hint: 'Check that no proxy alters it.' },
      );
    case 'notHttp':
      return new DialError('protocol', base, 'not an HTTP server', { hint: PORT_HINT });
  }
}

interface OpenWebSocket {
  readonly base: URL;
  readonly socket: Socket;
  /** What has arrived after the response. */
  readonly head: Buffer;
  /** Whether the session has SockJS frames. */
  readonly framed: boolean;
  readonly isProxied: boolean;
}

function makeChannel(
  { base, socket, head, framed, isProxied }: OpenWebSocket,
  { limits, clock, budgets }: NodeDialOptions,
): Channel {
  const masking = hasNoIntermediary(base, socket, isProxied) ? 'zero' : 'random';
  const ws = adoptSocket(socket, head, {
    maxPayload: maxFrameBytes(limits.messageBytes),
    closeTimeout: CLOSE_GRACE,
  });
  const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
  const Session = framed ? ClientFramedChannel : RawChannel;
  const channel = new Session(ws, socket, limits, heartbeat, masking, budgets);
  // The proxy may be on this machine, and the server is not.
  if (isProxied) channel.setRemoteAddress(hostAndPort(base));
  heartbeat.watch(channel);
  return channel;
}

/**
 * Whether no intermediary can interpret the bytes of the connection. Masking prevents a proxy from mistaking data of a client
 * for HTTP (RFC 6455, section 10.3). Inside TLS and on loopback there is no such proxy, and masking costs both ends a pass
 * over every byte.
 */
function hasNoIntermediary(base: URL, socket: Socket, isProxied: boolean): boolean {
  if (isSecure(base)) return true;
  // Reading the address of the socket takes a system call.
  return !isProxied && (isLoopbackAddress(dialHost(base)) || isLoopbackAddress(socket.remoteAddress ?? ''));
}
