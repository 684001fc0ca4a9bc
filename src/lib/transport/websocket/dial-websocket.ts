import { randomUUID } from 'node:crypto';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Channel } from '../channel/channel.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { frameBytes } from '../sockjs/frame-limit.js';
import { ClientFramedChannel } from './framed-channel.js';
import { RawChannel } from './raw-channel.js';
import { adoptSocket } from './adopt-socket.js';
import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import type { DialTls, NodeDialOptions } from '../handshake/node-dial-options.js';
import { DialError, statusError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import { socketError } from '../handshake/socket-error.js';
import { readUpgradeAnswer, type UpgradeAnswer, upgradeRequest } from './upgrade.js';
import { hostOf, isSecure } from '../handshake/session-url.js';
import { CLOSE_GRACE, HEAD_BYTES } from '../limits/transport-limits.js';

/**
 * Opens a WebSocket at `path` (with its query) of the server of `base`. The channel is there as soon as the WebSocket is:
 * a SockJS server takes messages before the client has seen its open frame, which saves a round trip.
 */
export function dialWebSocket(
  base: URL,
  path: string,
  framed: boolean,
  options: NodeDialOptions,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect(base, options.tls);
    const handshake = new Handshake(base, options, (error) => {
      socket.destroy();
      reject(error);
    });
    upgrade(base, path, socket, handshake, (head) =>
      resolve(makeChannel(base, socket, head, framed, options)),
    );
  });
}

function connect(base: URL, options: DialTls | undefined): Socket {
  const secure = isSecure(base);
  const host = hostOf(base);
  const port = base.port === '' ? (secure ? 443 : 80) : Number(base.port);
  if (!secure) return net.connect({ host, port, noDelay: true });
  // An address is no name that a certificate could be chosen by.
  return tls.connect({ servername: net.isIP(host) === 0 ? host : '', ...options, host, port });
}

/** Leads the handshake on a socket that is connecting. `done` gets what has come behind the answer. */
function upgrade(
  base: URL,
  path: string,
  socket: Socket,
  handshake: Handshake,
  done: (head: Buffer) => void,
): void {
  const key = newKey();
  let received: Buffer | undefined;
  // Over TLS, nothing is said before the certificate has been checked.
  const connected = isSecure(base) ? 'secureConnect' : 'connect';
  const onConnect = (): void => void socket.write(upgradeRequest(base, path, key), 'latin1');
  const onError = (error: Error): void => handshake.fail(socketError(base, error));
  const onClose = (): void => handshake.fail(socketError(base, HUNG_UP));
  const onData = (chunk: Buffer): void => {
    received = received ? Buffer.concat([received, chunk]) : chunk;
    const answer = readUpgradeAnswer(received.toString('latin1', 0, HEAD_BYTES), key);
    if (!answer) return;
    if (answer.type !== 'upgraded') {
      handshake.fail(answerError(base, answer));
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

/** 16 random bytes, but for the six bits that every UUID has: Node makes those ahead of time. */
function newKey(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
}

const HUNG_UP = Object.assign(new Error('The connection was closed before there was an answer'), {
  code: 'ECONNRESET',
});

function answerError(base: URL, answer: Exclude<UpgradeAnswer, { type: 'upgraded' }>): DialError {
  switch (answer.type) {
    case 'refused':
      return statusError(base, answer.status, 'a WebSocket');
    case 'wrong':
      return new DialError(
        'handshake',
        base,
        `its answer to the WebSocket handshake is wrong: ${answer.why}. Check that no proxy alters it.`,
      );
    case 'notHttp':
      return new DialError('protocol', base, 'what answers there is no HTTP server. Check the port.');
  }
}

function makeChannel(
  base: URL,
  socket: Socket,
  head: Buffer,
  framed: boolean,
  { limits, clock }: NodeDialOptions,
): Channel {
  const masks = nobodyBetween(base, socket) ? 'zero' : 'random';
  const ws = adoptSocket(socket, head, {
    maxPayload: frameBytes(limits.messageBytes),
    closeTimeout: CLOSE_GRACE,
    generateMask: masks === 'zero' ? zeroMask : undefined,
  });
  const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
  const Session = framed ? ClientFramedChannel : RawChannel;
  const channel = new Session(ws, socket, limits, heartbeat, masks);
  heartbeat.watch(channel);
  return channel;
}

/**
 * Whether nobody who forwards the bytes could read them as something else. Masks keep what a client sends from looking
 * like HTTP to a proxy on the way (RFC 6455, section 10.3); inside TLS and on loopback there is none, and applying them
 * costs both ends a pass over every byte.
 */
function nobodyBetween(base: URL, { remoteAddress = '' }: Socket): boolean {
  return isSecure(base) || isLoopbackAddress(remoteAddress);
}

function zeroMask(mask: Buffer): void {
  // Four assignments cost a tenth of `fill`.
  mask[0] = mask[1] = mask[2] = mask[3] = 0;
}
