import { isAscii } from 'node:buffer';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ChannelLimits } from '../limits/transport-limits.js';
import { BytesMessage, type Message, type Piece, pieceText } from '../channel/outgoing-message.js';
import { formatAddress } from '../channel/remote-address.js';
import { runGuarded } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';
import { asciiFrame, type Masking } from './ascii-frame.js';
import { binaryFrame, textFrame } from './websocket-frame.js';
import { FrameMemory } from '../channel/frame-memory.js';
import { decodeBinary, encodeBinary } from '../sockjs/binary-frame.js';
import { BaseChannel } from '../channel/base-channel.js';
import type { ChannelOwner } from '../channel/channel-owner.js';
import type { TurnTaker } from '../channel/reading-turns.js';
import type { BudgetShare, BudgetUser, ConnectionBudgets } from '../channel/memory-budget.js';
import {
  type CloseStatus,
  DROPPED_CODE,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  validCloseCode,
  truncateReason,
  type Violation,
  violation,
} from '../channel/close-code.js';
import { closeStatusForError } from './websocket-error.js';
import {
  listenTo,
  listenToData,
  stopListeningToData,
  type WebSocketListener,
} from './websocket-listeners.js';
import { CLOSE_GRACE, UNWATCHED_QUEUE_BYTES } from '../limits/transport-limits.js';
import { nextTick } from '../../util/next-tick.js';

/** Maximum size of the header of a WebSocket frame, in bytes. */
const FRAME_HEADER = 14;
// Memory that an object takes in addition to its bytes: a queued write, a received chunk, a fragment of a message.
const WRITE_COST = 256;
const CHUNK_COST = 256;
const FRAGMENT_COST = 128;

const TEXT_ONLY = violation(1003, 'Only text messages are supported');

/**
 * The base class of channels over a WebSocket, at both ends. The subclasses differ in their framing.
 */
export abstract class WebSocketChannel
  extends BaseChannel
  implements BudgetUser, TurnTaker, WebSocketListener
{
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
  /** Writes with the callback `#written`, which the network has not accepted. */
  #writes = 0;
  #written: (() => void) | undefined;
  // Undefined once the connection has ended.
  #budgets: ConnectionBudgets | undefined;
  #output: BudgetShare | undefined;
  #input: BudgetShare | undefined;
  /** Whether the input counts, because the peer has not authenticated. */
  #countsInput: boolean;
  /** Memory of the unfinished message, at most. */
  #unfinishedBytes = 0;
  /** Memory of the messages that wait because the channel is suspended, at most. */
  #waitingBytes = 0;
  #received = false;

  constructor(
    ws: WebSocket,
    socket: Socket,
    limits: ChannelLimits,
    owner: ChannelOwner,
    masking: Masking,
    budgets?: ConnectionBudgets,
  ) {
    super(limits);
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#masking = masking;
    listenTo(ws, socket, this);
    this.#budgets = budgets;
    this.#countsInput = budgets?.input !== undefined;
    if (this.#countsInput) listenToData(socket);
  }

  get remoteAddress(): string {
    this.#remoteAddress ??= formatAddress(this.#socket);
    return this.#remoteAddress;
  }

  /** Replaces the address of the socket, which belongs to a proxy. */
  setRemoteAddress(address: string): void {
    this.#remoteAddress = address;
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#socket.writableLength + WRITE_COST * this.#writes;
  }

  /** Length of the messages that are queued until the end of the tick, in UTF-16 units. */
  protected abstract readonly pendingLength: number;
  /** Writes the queued messages to the socket. */
  protected abstract flush(): void;
  /** Queues a message. */
  protected abstract enqueue(message: Message): void;
  /** Handles a WebSocket message of the peer, whose text has `size` bytes in UTF-8. */
  protected abstract receive(text: string, size: number): void;
  /** The frame that is sent at each beat. Undefined if the framing has no heartbeats. */
  protected abstract readonly heartbeatFrame: string | undefined;
  /** Returns the frame that is sent before the closing handshake. Returns undefined if the framing does not have one. */
  protected abstract makeCloseFrame(code: number, reason: string): string | undefined;

  /** Whether both ends may send binary messages. */
  sendsBytes = false;

  /** Whether this end has opened the WebSocket. */
  protected get isClient(): boolean {
    return this.#masking !== 'none';
  }

  protected get closing(): boolean {
    return this.#closing;
  }

  send(message: Message): void {
    if (this.#closing) return;
    if (message instanceof BytesMessage && this.sendsBytes) this.#sendBytes(message);
    else this.enqueue(message);
    this.checkQueue();
  }

  /** Sends a message with bytes after the queued messages. */
  #sendBytes(message: BytesMessage): void {
    const encoded = encodeBinary(message, this.limits.messageBytes);
    if (!encoded) {
      this.enqueue(message);
      return;
    }
    this.flush();
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const memory = this.#frameMemory();
    this.#writeWhole(
      binaryFrame(encoded, this.#masking, (length) => memory.get(length)),
      memory,
    );
  }

  /**
   * Sends one WebSocket message, whose text is in pieces, after the queued messages. Returns false if it is larger than a message
   * may be.
   */
  protected transmitPieces(pieces: readonly Piece[]): boolean {
    this.flush();
    if (this.#ws.readyState !== this.#ws.OPEN) return true;
    const memory = this.#frameMemory();
    const allocate = (length: number): Buffer => memory.get(length);
    const frame = textFrame(pieces.map(pieceText), this.#masking, allocate, this.limits.messageBytes);
    if (frame) this.#writeWhole(frame, memory);
    return frame !== undefined;
  }

  #writeWhole(frame: Buffer, memory: FrameMemory): void {
    const buffered = this.#socket.writableLength + frame.length;
    this.#writeFrame(frame, memory, buffered > this.#countedFrom() ? this.#count() : undefined);
    if (this.#socket.writableLength > 0) this.measure();
  }

  #frameMemory(): FrameMemory {
    return this.#budgets?.frames ?? new FrameMemory();
  }

  #writeFrame(frame: Buffer, memory: FrameMemory, written: (() => void) | undefined): void {
    this.#socket.write(frame, written);
    if (this.#socket.writableLength > 0) memory.taken();
  }

  /** Sends one WebSocket message. */
  protected transmit(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    const buffered = this.#socket.writableLength + 3 * text.length + FRAME_HEADER;
    const written = buffered > this.#countedFrom() ? this.#count() : undefined;
    // Nothing may be sent after a close frame, which `ws` may have sent.
    const isOpen = this.#ws.readyState === this.#ws.OPEN && this.#masking !== 'random';
    const frame = isOpen ? asciiFrame(text, this.#masking) : undefined;
    if (frame !== undefined) this.#socket.write(frame, 'latin1', written);
    else if (isOpen) this.#transmitLong(text, written);
    else this.#ws.send(text, written);
    // Nearly always, the network has accepted everything at once. Corked data is written when the turn ends.
    if (this.#output || (this.#socket.writableLength > 0 && this.#socket.writableCorked === 0))
      this.measure();
  }

  #transmitLong(text: string, written: (() => void) | undefined): void {
    const memory = this.#frameMemory();
    const frame = textFrame([text], this.#masking, (length) => memory.get(length));
    if (frame) this.#writeFrame(frame, memory, written);
  }

  /** Size of the queue above which a write needs a callback. */
  #countedFrom(): number {
    return this.congested ? 0 : Math.min(UNWATCHED_QUEUE_BYTES, this.limits.pauseBytes);
  }

  /** Counts a write, and returns its callback. */
  #count(): () => void {
    this.#writes++;
    return (this.#written ??= () => {
      this.#writes--;
      this.measure();
      this.checkDrain();
    });
  }

  protected override checkQueue(): void {
    super.checkQueue();
    if (this.#writes > 0) this.measure();
  }

  /** Counts the queue towards the budget. */
  measure(): void {
    if (this.#budgets) this.#output = this.#budgets.output.charge(this, this.#output, this.bufferedBytes);
  }

  authenticated(): void {
    if (!this.#countsInput) return;
    this.#countsInput = false;
    this.#input?.close();
    this.#input = undefined;
    stopListeningToData(this.#socket);
  }

  expel(reason: string): void {
    this.#report({ code: 1008, reason });
    // The peer reads the close frame only if nothing is queued before it.
    if (this.#socket.writableLength === 0) this.#close(1008, reason);
    this.#closing = true;
    this.#closeStatus ??= { code: 1008, reason };
    this.ignoreIncoming();
    this.#ws.terminate();
    nextTick(() => this.finish(1008, reason));
  }

  protected cork(): void {
    this.#socket.cork();
  }

  protected uncork(): void {
    this.#socket.uncork();
  }

  /** Closes the connection because of a protocol violation, in a frame of `bytes`. Nothing more is read. */
  protected refuse(violation: Violation, bytes?: number): void {
    this.#report(violation, bytes);
    this.#close(violation.code, violation.reason);
  }

  /** The queue has exceeded its limit. */
  protected override end(code: number, reason: string): void {
    this.#owner.channelRefused?.(this, { code, reason });
    super.end(code, reason);
  }

  #report(violation: CloseStatus, bytes?: number): void {
    if (!this.#closing) this.#owner.channelRefused?.(this, violation, bytes);
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
    this.measure();
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
    this.#waitingBytes = 0;
    this.#ws.resume();
  }

  handleMessage(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary) this.#receiveBinary(data as Buffer);
    else this.receive(textOf(data as Buffer), (data as Buffer).length);
    if (!this.#countsInput) return;
    this.#received = true;
    // A string takes up to two bytes for each byte.
    if (this.suspended) this.#waitingBytes += 2 * (data as Buffer).length;
  }

  #receiveBinary(frame: Buffer): void {
    const message = this.sendsBytes ? decodeBinary(frame, this.limits.messageBytes) : TEXT_ONLY;
    if (message instanceof BytesMessage) this.deliverBytes(message);
    else this.refuse(message, frame.length);
  }

  /** Handles the arrival of a chunk of a stranger, after its messages. What follows the last of them is at most the chunk. */
  handleData(length: number): void {
    const { _bufferedBytes: rest, _fragments } = (this.#ws as WithReceiver)._receiver ?? {};
    const fragments = _fragments?.length ?? 0;
    const before = this.#received ? 0 : this.#unfinishedBytes;
    const unfinished = !this.#received || rest !== 0 || fragments > 0;
    this.#received = false;
    this.#unfinishedBytes = unfinished ? before + length + CHUNK_COST : 0;
    const held = this.#unfinishedBytes + this.#waitingBytes + FRAGMENT_COST * fragments;
    if (this.#countsInput) this.#input = this.#budgets?.input?.charge(this, this.#input, held);
    if (!unfinished || this.#closing) return;
    this.#ws.pause();
    this.#budgets?.turns?.wait(this);
  }

  readOn(): void {
    if (!this.#closing && !this.suspended) this.#ws.resume();
  }

  handleError(error: Error): void {
    const status = closeStatusForError(error, this.limits.messageBytes);
    const size = (this.#ws as WithReceiver)._receiver?._totalPayloadLength;
    if (status.code !== DROPPED_CODE) this.#report(status, size === 0 ? undefined : size);
    this.#closing = true;
    this.#closeStatus ??= status;
  }

  handleClose(code: number, reason: string): void {
    this.#closing = true;
    this.#budgets = undefined;
    this.#output?.close();
    this.#input?.close();
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

// Undocumented members of `ws`. If a version renames them, fragments are not counted, sizes are not reported, and the tests fail.
type WithReceiver = WebSocket & {
  readonly _receiver?: {
    /** Number of bytes that follow the last complete frame. */
    readonly _bufferedBytes?: number;
    readonly _fragments?: { readonly length: number };
    /** Size of the current message, as far as its frames have announced it. */
    readonly _totalPayloadLength?: number;
  };
};

/** Returns the text of a message. Long ASCII takes a fraction of the time of other text. */
function textOf(data: Buffer): string {
  return data.length > LONG_TEXT && isAscii(data) ? data.toString('latin1') : data.toString();
}

const LONG_TEXT = 8192;

function destroy(this: Socket): void {
  this.destroy();
}
