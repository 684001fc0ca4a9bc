import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ChannelLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { formatAddress } from '../channel/remote-address.js';
import { asciiFrame, type Masks } from '../sockjs/ascii-frame.js';
import { BaseChannel } from '../channel/base-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import {
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  sendableCode,
  sendableReason,
  type Violation,
} from '../channel/close-code.js';
import { type Verdict, verdictOf } from './frame-verdict.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

/** Bytes that WebSocket adds to a message at most. */
const FRAME_HEADER = 14;

/**
 * A channel over one WebSocket, on either side. What differs, the framing, is in the two subclasses. Its listeners are
 * functions of this module that find the channel by a symbol, so that an idle connection pays for no closures.
 */
export abstract class WebSocketChannel extends BaseChannel {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #owner: ChannelOwner;
  readonly #masks: Masks;
  #remoteAddress: string | undefined;
  #closing = false;
  #bytesRead = 0;
  #bytesTaken = 0;
  #silentBeats = 0;
  // How the connection ends when this side, or a close frame of SockJS, has said so before WebSocket does.
  #verdict: Verdict | undefined;

  constructor(ws: WebSocket, socket: Socket, limits: ChannelLimits, owner: ChannelOwner, masks: Masks) {
    super(limits);
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#masks = masks;
    (ws as Owned)[CHANNEL] = this;
    (socket as Owned)[CHANNEL] = this;
    ws.on('message', onMessage);
    ws.on('error', onError);
    ws.on('close', onClose);
    socket.on('end', onEnd);
  }

  get remoteAddress(): string {
    this.#remoteAddress ??= formatAddress(this.#socket);
    return this.#remoteAddress;
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#socket.writableLength;
  }

  /** What waits for the end of the tick, in UTF-16 units. */
  protected abstract readonly pendingLength: number;
  /** Hands what waits to the socket. */
  protected abstract flush(): void;
  /** Adds to what waits. */
  protected abstract enqueue(message: Message): void;
  /** One WebSocket message from the peer. */
  protected abstract receive(text: string): void;
  /** What is sent at each beat and before the closing handshake, if the framing has something for it. */
  protected abstract readonly heartbeatFrame: string | undefined;
  protected abstract goodbyeFrame(code: number, reason: string): string | undefined;

  protected get closing(): boolean {
    return this.#closing;
  }

  send(message: Message): void {
    if (this.#closing) return;
    this.enqueue(message);
    this.queued();
  }

  /** Sends one WebSocket message. */
  protected transmit(text: string): void {
    // Whatever may leave the queue above `pauseBytes` has to tell when it is gone. A unit takes three bytes at most.
    const buffered = this.#socket.writableLength + 3 * text.length + FRAME_HEADER;
    const taken = this.congested || buffered > this.limits.pauseBytes ? (): void => this.taken() : undefined;
    // After a goodbye, of which only `ws` may know yet, nothing must follow.
    const frame = this.#ws.readyState === this.#ws.OPEN ? asciiFrame(text, this.#masks) : undefined;
    if (frame === undefined) this.#ws.send(text, taken);
    else this.#socket.write(frame, 'latin1', taken);
  }

  protected cork(): void {
    this.#socket.cork();
  }

  protected uncork(): void {
    this.#socket.uncork();
  }

  /** The peer has broken a rule: it is told so, and nothing more of it is read. */
  protected refuse(violation: Violation): void {
    this.#end(violation.code, violation.reason);
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    this.#end(code, reason);
  }

  /** The peer has said, in the framing's own way, that it is leaving. */
  protected peerCloses(code: number, reason: string): void {
    this.#verdict ??= { code, reason };
    this.#closing = true;
    this.#ws.close(1000);
  }

  #end(code: number, reason: string): void {
    if (this.#closing) return;
    const sendable = sendableCode(code);
    const text = sendableReason(reason);
    this.flush();
    const goodbye = this.goodbyeFrame(sendable, text);
    if (goodbye !== undefined) this.#ws.send(goodbye);
    this.#closing = true;
    this.#verdict ??= { code: sendable, reason: text };
    this.mute();
    this.#ws.close(sendable, text);
    // The answer to the goodbye can only be seen by reading.
    this.#ws.resume();
  }

  /** Drops a connection whose peer no longer answers. */
  protected drop(): void {
    this.#closing = true;
    this.#ws.terminate();
    this.finish(DROPPED_CODE, '');
  }

  /**
   * To be called at a steady pace: sends a heartbeat unless data is on its way anyway, asks a silent peer for a sign of
   * life, and drops it after `idleBeats` calls without one (0 = never).
   */
  beat(idleBeats: number): void {
    if (this.#closing) return;
    const idle = this.#socket.writableLength === 0;
    if (idle && this.heartbeatFrame !== undefined) this.#ws.send(this.heartbeatFrame);
    if (this.#hasShownLife()) {
      this.#silentBeats = 0;
    } else if (idleBeats > 0 && ++this.#silentBeats >= idleBeats) {
      this.drop();
    } else if (idle) {
      this.#ws.ping();
    }
  }

  // A paused connection hears nothing. It counts as alive as long as it takes what is queued for it.
  #hasShownLife(): boolean {
    const { bytesRead, bytesWritten, writableLength } = this.#socket;
    const bytesTaken = bytesWritten - writableLength;
    const heard = bytesRead !== this.#bytesRead;
    const took = writableLength === 0 || bytesTaken !== this.#bytesTaken;
    this.#bytesRead = bytesRead;
    this.#bytesTaken = bytesTaken;
    return heard || (this.held && took);
  }

  protected stopReading(): void {
    if (!this.#closing) this.#ws.pause();
  }

  protected startReading(): void {
    this.#ws.resume();
  }

  /** What the listeners below hand over. */
  handleMessage(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary) this.#end(1003, 'Only text messages are understood here');
    else this.receive((data as Buffer).toString());
  }

  handleError(error: Error): void {
    this.#closing = true;
    this.#verdict ??= verdictOf(error);
  }

  handleClose(code: number, reason: string): void {
    this.#closing = true;
    const verdict = this.#verdict;
    this.finish(verdict?.code ?? code, verdict?.reason ?? reason);
    this.#owner.left(this);
  }

  // The peer sends no more. It has a while to take what is queued for it, as long as it goes on taking.
  handleEnd(): void {
    this.#closing = true;
    if (this.#socket.writableLength > 0) this.#socket.setTimeout(CLOSE_GRACE, destroy);
  }
}

const CHANNEL = Symbol('channel');

interface Owned {
  [CHANNEL]?: WebSocketChannel;
}

function onMessage(this: WebSocket & Owned, data: RawData, isBinary: boolean): void {
  this[CHANNEL]?.handleMessage(data, isBinary);
}

// `ws` always emits 'close' after 'error'.
function onError(this: WebSocket & Owned, error: Error): void {
  this[CHANNEL]?.handleError(error);
}

function onClose(this: WebSocket & Owned, code: number, reason: Buffer): void {
  this[CHANNEL]?.handleClose(code, reason.toString());
}

function onEnd(this: Socket & Owned): void {
  this[CHANNEL]?.handleEnd();
}

function destroy(this: Socket): void {
  this.destroy();
}
