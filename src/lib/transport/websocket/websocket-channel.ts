import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ChannelLimits } from '../limits/transport-limits.js';
import type { Message } from '../channel/outgoing-message.js';
import { formatAddress } from '../channel/remote-address.js';
import { runGuarded } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';
import { asciiFrame, type Masking } from './ascii-frame.js';
import { BaseChannel } from '../channel/base-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import {
  type CloseStatus,
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  validCloseCode,
  truncateReason,
  type Violation,
} from '../channel/close-code.js';
import { closeStatusForError } from './websocket-error.js';
import { CLOSE_GRACE } from '../limits/transport-limits.js';

/** Maximum size of the header of a WebSocket frame, in bytes. */
const FRAME_HEADER = 14;

/**
 * The base class of channels over a WebSocket, at both ends. The subclasses differ in their framing. The listeners are
 * functions of this module that find the channel by a symbol, so that an idle connection does not need closures.
 */
export abstract class WebSocketChannel extends BaseChannel {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #owner: ChannelOwner;
  readonly #masking: Masking;
  #remoteAddress: string | undefined;
  #closing = false;
  #bytesRead = 0;
  #bytesTaken = 0;
  #silentBeats = 0;
  // How the connection ends, if this side or a SockJS close frame has closed it before the WebSocket closes.
  #closeStatus: CloseStatus | undefined;

  constructor(ws: WebSocket, socket: Socket, limits: ChannelLimits, owner: ChannelOwner, masking: Masking) {
    super(limits);
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#masking = masking;
    (ws as WithChannel)[CHANNEL] = this;
    (socket as WithChannel)[CHANNEL] = this;
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

  /** Length of the messages that are queued until the end of the tick, in UTF-16 units. */
  protected abstract readonly pendingLength: number;
  /** Writes the queued messages to the socket. */
  protected abstract flush(): void;
  /** Queues a message. */
  protected abstract enqueue(message: Message): void;
  /** Handles a WebSocket message of the peer. */
  protected abstract receive(text: string): void;
  /** The frame that is sent at each beat. Undefined if the framing has no heartbeats. */
  protected abstract readonly heartbeatFrame: string | undefined;
  /** Returns the frame that is sent before the closing handshake. Returns undefined if the framing does not have one. */
  protected abstract makeCloseFrame(code: number, reason: string): string | undefined;

  protected get closing(): boolean {
    return this.#closing;
  }

  send(message: Message): void {
    if (this.#closing) return;
    this.enqueue(message);
    this.checkQueue();
  }

  /** Sends one WebSocket message. */
  protected transmit(text: string): void {
    // A write that may bring the queue above `pauseBytes` needs a callback. A UTF-16 unit takes at most three bytes.
    const buffered = this.#socket.writableLength + 3 * text.length + FRAME_HEADER;
    const written =
      this.congested || buffered > this.limits.pauseBytes ? (): void => this.checkDrain() : undefined;
    // Nothing may be sent after a close frame, which `ws` may have sent.
    const frame = this.#ws.readyState === this.#ws.OPEN ? asciiFrame(text, this.#masking) : undefined;
    if (frame === undefined) this.#ws.send(text, written);
    else this.#socket.write(frame, 'latin1', written);
  }

  protected cork(): void {
    this.#socket.cork();
  }

  protected uncork(): void {
    this.#socket.uncork();
  }

  /** Closes the connection because of a protocol violation. Nothing more is read. */
  protected refuse(violation: Violation): void {
    this.#close(violation.code, violation.reason);
  }

  close(code = GO_AWAY_CODE, reason = GO_AWAY_REASON): void {
    this.#close(code, reason);
  }

  /** Handles a close frame of the framing, such as that of SockJS. */
  protected handlePeerClose(code: number, reason: string): void {
    this.#closeStatus ??= { code, reason };
    this.#closing = true;
    this.#ws.close(1000);
  }

  #close(code: number, reason: string): void {
    if (this.#closing) return;
    const validCode = validCloseCode(code);
    const validReason = truncateReason(reason);
    this.flush();
    const frame = this.makeCloseFrame(validCode, validReason);
    if (frame !== undefined) this.#ws.send(frame);
    this.#closing = true;
    this.#closeStatus ??= { code: validCode, reason: validReason };
    this.ignoreIncoming();
    this.#ws.close(validCode, validReason);
    // The close frame of the peer is received only while reading.
    this.#ws.resume();
  }

  /** Drops the connection because the peer does not respond. */
  protected drop(): void {
    this.#closing = true;
    this.#ws.terminate();
    this.finish(DROPPED_CODE, '');
  }

  /**
   * Must be called at regular intervals. Sends a heartbeat if no data is being sent, pings a silent peer, and drops the
   * connection after `idleBeats` calls without data from the peer (0 is never).
   */
  beat(idleBeats: number): void {
    if (this.#closing) return;
    const idle = this.#socket.writableLength === 0;
    if (idle && this.heartbeatFrame !== undefined) this.#ws.send(this.heartbeatFrame);
    if (this.#isAlive()) {
      this.#silentBeats = 0;
    } else if (idleBeats > 0 && ++this.#silentBeats >= idleBeats) {
      this.drop();
    } else if (idle) {
      this.#ws.ping();
    }
  }

  // A paused connection does not read. It counts as alive as long as it accepts the data that is queued for it.
  #isAlive(): boolean {
    const { bytesRead, bytesWritten, writableLength } = this.#socket;
    const bytesTaken = bytesWritten - writableLength;
    const received = bytesRead !== this.#bytesRead;
    const accepted = writableLength === 0 || bytesTaken !== this.#bytesTaken;
    this.#bytesRead = bytesRead;
    this.#bytesTaken = bytesTaken;
    return received || (this.suspended && accepted);
  }

  protected stopReading(): void {
    if (!this.#closing) this.#ws.pause();
  }

  protected startReading(): void {
    this.#ws.resume();
  }

  // The handlers are called by the listeners below.
  handleMessage(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary) this.#close(1003, 'Only text messages are supported');
    else this.receive((data as Buffer).toString());
  }

  handleError(error: Error): void {
    this.#closing = true;
    this.#closeStatus ??= closeStatusForError(error);
  }

  handleClose(code: number, reason: string): void {
    this.#closing = true;
    const status = this.#closeStatus;
    this.finish(status?.code ?? code, status?.reason ?? reason);
    this.#owner.channelEnded(this);
  }

  /** Drops the connection because a listener has thrown. Never throws. */
  handleFailure(error: unknown): void {
    this.#closing = true;
    runGuarded(() => undefined, () => {
      this.#ws.terminate();
      this.finish(1011, truncateReason(messageOf(error)));
    }, []);
  }

  // The peer has ended its side. The queued data is still sent, as long as the peer continues to accept it.
  handleEnd(): void {
    this.#closing = true;
    if (this.#socket.writableLength > 0) this.#socket.setTimeout(CLOSE_GRACE, destroy);
  }
}

const CHANNEL = Symbol('channel');

interface WithChannel {
  [CHANNEL]?: WebSocketChannel;
}

// The listeners guard themselves, because a function for each connection takes memory, and an array for each message takes time.
function onMessage(this: WebSocket & WithChannel, data: RawData, isBinary: boolean): void {
  try {
    this[CHANNEL]?.handleMessage(data, isBinary);
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

// `ws` always emits 'close' after 'error'.
function onError(this: WebSocket & WithChannel, error: Error): void {
  try {
    this[CHANNEL]?.handleError(error);
  } catch (failure) {
    this[CHANNEL]?.handleFailure(failure);
  }
}

function onClose(this: WebSocket & WithChannel, code: number, reason: Buffer): void {
  try {
    this[CHANNEL]?.handleClose(code, reason.toString());
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

function onEnd(this: Socket & WithChannel): void {
  try {
    this[CHANNEL]?.handleEnd();
  } catch (error) {
    this[CHANNEL]?.handleFailure(error);
  }
}

function destroy(this: Socket): void {
  this.destroy();
}
