import { randomUUID } from 'node:crypto';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Channel } from '../../util/channel.js';
import { CLOSE_GRACE } from '../close-code.js';
import { frameBytes } from '../frame-limit.js';
import { ClientFramedChannel } from '../framed-channel.js';
import { RawChannel } from '../raw-channel.js';
import { adoptSocket } from './adopt-socket.js';
import { ClientHeartbeat } from './client-heartbeat.js';
import type { DialOptions } from './dial.js';
import { DialError, socketError, statusError } from './dial-error.js';
import { Handshake } from './handshake.js';
import { HEAD_BYTES, readUpgradeAnswer, type UpgradeAnswer, upgradeRequest } from './upgrade.js';

/**
 * Opens a WebSocket. The channel is there as soon as the WebSocket is: a SockJS server takes messages before the client
 * has seen its open frame, which saves a round trip.
 */
export function dialWebSocket(url: URL, framed: boolean, options: DialOptions): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect(url, options);
    const handshake = new Handshake(url, options, (error) => {
      socket.destroy();
      reject(error);
    });
    upgrade(url, socket, handshake, (head) => resolve(makeChannel(url, socket, head, framed, options)));
  });
}

function connect(url: URL, options: DialOptions): Socket {
  const secure = url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (!secure) return net.connect({ host, port, noDelay: true });
  // An address is no name that a certificate could be chosen by.
  return tls.connect({ servername: net.isIP(host) === 0 ? host : '', ...options.tls, host, port });
}

/** Leads the handshake on a socket that is connecting. `done` gets what has come behind the answer. */
function upgrade(url: URL, socket: Socket, handshake: Handshake, done: (head: Buffer) => void): void {
  const key = newKey();
  let received: Buffer | undefined;
  // Over TLS, nothing is said before the certificate has been checked.
  const connected = url.protocol === 'wss:' ? 'secureConnect' : 'connect';
  const onConnect = (): void => void socket.write(upgradeRequest(url, key), 'latin1');
  const onError = (error: Error): void => handshake.fail(socketError(url, error));
  const onClose = (): void => handshake.fail(socketError(url, HUNG_UP));
  const onData = (chunk: Buffer): void => {
    received = received ? Buffer.concat([received, chunk]) : chunk;
    const answer = readUpgradeAnswer(received.toString('latin1', 0, HEAD_BYTES), key);
    if (!answer) return;
    if (answer.type !== 'upgraded') {
      handshake.fail(answerError(url, answer));
    } else if (handshake.succeed()) {
      socket.off(connected, onConnect);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.off('data', onData);
      done(received.subarray(answer.length));
    }
  };
  socket.on(connected, onConnect);
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('data', onData);
}

const HUNG_UP = Object.assign(new Error('The connection was closed before there was an answer'), {
  code: 'ECONNRESET',
});

/** 16 random bytes, all but six bits of them, from UUIDs because Node makes those ahead of time. */
function newKey(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
}

function answerError(url: URL, answer: Exclude<UpgradeAnswer, { type: 'upgraded' }>): DialError {
  switch (answer.type) {
    case 'refused':
      return statusError(url, answer.status, 'a WebSocket');
    case 'wrong':
      return new DialError(
        'handshake',
        url,
        `its answer to the WebSocket handshake is wrong: ${answer.why}. Check that no proxy alters it.`,
      );
    case 'notHttp':
      return new DialError('protocol', url, 'what answers there is no HTTP server. Check the port.');
  }
}

function makeChannel(
  url: URL,
  socket: Socket,
  head: Buffer,
  framed: boolean,
  { limits, clock }: DialOptions,
): Channel {
  const ws = adoptSocket(socket, head, {
    maxPayload: frameBytes(limits.messageBytes),
    closeTimeout: CLOSE_GRACE,
    generateMask: nobodyBetween(url) ? zeroMask : undefined,
  });
  const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
  const Session = framed ? ClientFramedChannel : RawChannel;
  const channel = new Session(ws, socket, limits, heartbeat);
  heartbeat.watch(channel);
  return channel;
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
