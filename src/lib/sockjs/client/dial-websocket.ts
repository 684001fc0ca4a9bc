import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import type { Channel } from '../../util/channel.js';
import { CLOSE_GRACE } from '../close-code.js';
import { frameBytes } from '../frame-limit.js';
import { ClientFramedChannel } from '../framed-channel.js';
import { RawChannel } from '../raw-channel.js';
import { ClientHeartbeat } from './client-heartbeat.js';
import type { DialOptions } from './dial.js';
import { DialError, socketError, statusError } from './dial-error.js';
import { Handshake } from './handshake.js';

/**
 * Opens a WebSocket. The channel is there as soon as the WebSocket is: a SockJS server takes messages before the client
 * has seen its open frame, which saves a round trip.
 */
export function dialWebSocket(url: URL, framed: boolean, options: DialOptions): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, webSocketOptions(url, options));
    const handshake = new Handshake(url, options, (error) => {
      ws.terminate();
      reject(error);
    });
    let socket: Socket;
    ws.on('upgrade', (response) => {
      socket = response.socket;
    });
    ws.on('error', (error) => handshake.fail(handshakeError(url, error)));
    ws.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      handshake.fail(statusError(url, response.statusCode ?? 0, 'a WebSocket'));
    });
    ws.on('open', () => {
      if (!handshake.succeed()) return;
      ws.removeAllListeners();
      resolve(makeChannel(ws, socket, framed, options));
    });
  });
}

function makeChannel(
  ws: WebSocket,
  socket: Socket,
  framed: boolean,
  { limits, clock }: DialOptions,
): Channel {
  const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
  const Session = framed ? ClientFramedChannel : RawChannel;
  const channel = new Session(ws, socket, limits, heartbeat);
  heartbeat.watch(channel);
  return channel;
}

function webSocketOptions(url: URL, { limits, tls }: DialOptions): ClientOptions & { closeTimeout: number } {
  return {
    ...(nobodyBetween(url) && { generateMask: zeroMask }),
    ...tls,
    perMessageDeflate: false,
    maxPayload: frameBytes(limits.messageBytes),
    closeTimeout: CLOSE_GRACE,
  };
}

/**
 * Whether nobody who forwards the bytes could read them as something else. Masks keep what a client sends from looking
 * like HTTP to a proxy on the way (RFC 6455, section 10.3); inside TLS and on loopback there is none, and applying them
 * costs both ends a pass over every byte.
 */
function nobodyBetween(url: URL): boolean {
  const { protocol, hostname } = url;
  return (
    protocol === 'wss:' ||
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

function zeroMask(mask: Buffer): void {
  mask.fill(0);
}

// `ws` refuses a wrong answer to the upgrade with errors that have no code.
function handshakeError(url: URL, error: Error): DialError {
  if ('code' in error) return socketError(url, error);
  const why = `its answer to the WebSocket handshake is wrong: ${error.message}. Check that no proxy alters it.`;
  return new DialError('handshake', url, why, { cause: error });
}
