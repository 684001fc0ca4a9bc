import { errorText } from '../../util/message-of.js';
import type { ClientChannelOptions } from '../sockjs/client-channel.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { ChunkedChannel } from './chunked-channel.js';
import type { Signals } from './signals.js';

export interface SignalledChannelOptions extends ClientChannelOptions {
  readonly signals: Signals;
  /** The id of the kite in the other page. */
  readonly peer: string;
  /** The id of the session. */
  readonly session: string;
}

/** Length at which a signal takes no more chunks, in UTF-16 units. */
const SIGNAL_LENGTH = 64 * 1024;

/**
 * A channel between two pages through Kontrol, for pages that cannot open a data channel. Sends one signal at a time with the
 * queued chunks, and the next when the peer has accepted it.
 */
export class SignalledChannel extends ChunkedChannel {
  readonly #signals: Signals;
  readonly #peer: string;
  readonly #session: string;
  /** Length of the signal that is being sent, in UTF-16 units. At least 1. 0 if there is none. */
  #sendingLength = 0;
  #acceptSignal: (() => void) | undefined;

  constructor(options: SignalledChannelOptions) {
    super(options);
    this.#signals = options.signals;
    this.#peer = options.peer;
    this.#session = options.session;
  }

  get bufferedBytes(): number {
    return this.pendingLength + this.#sendingLength;
  }

  /** Handles the chunks of a signal. Resolves when the peer may send the next. */
  receive(chunks: readonly unknown[]): Promise<void> {
    // The peer must wait until its signal has been accepted.
    if (this.#acceptSignal) this.close(1008, 'A message arrived before the previous one was accepted');
    for (const chunk of chunks) this.receiveChunk(chunk);
    if (!this.suspended || this.finished || this.closeStatus) return Promise.resolve();
    return new Promise((resolve) => {
      this.#acceptSignal = resolve;
    });
  }

  /** Ends the channel, because the connection through Kontrol has been lost. */
  drop(): void {
    this.end(DROPPED_CODE, '');
  }

  get ended(): boolean {
    return this.finished;
  }

  /** Must be called at regular intervals. Sends an empty signal, which fails if the peer has disconnected. */
  beat(): void {
    if (this.#sendingLength === 0) this.#send([]);
  }

  protected releaseTransport(): void {
    this.startReading();
  }

  protected override startReading(): void {
    super.startReading();
    this.#acceptSignal?.();
    this.#acceptSignal = undefined;
  }

  protected sendPending(): void {
    if (this.#sendingLength > 0) return;
    const chunks: string[] = [];
    let length = 0;
    while (length < SIGNAL_LENGTH) {
      const chunk = this.takeChunk();
      if (chunk === undefined) break;
      chunks.push(chunk);
      length += chunk.length;
    }
    if (length > 0) this.#send(chunks);
    // The close chunk has been sent.
    else if (this.closeStatus) this.drop();
  }

  #send(chunks: readonly string[]): void {
    this.#sendingLength = chunks.reduce((sum, { length }) => sum + length, 1);
    this.#signals.send('message', this.#peer, { session: this.#session, pieces: chunks }).then(
      () => {
        this.#sendingLength = 0;
        this.checkDrain();
        if (!this.finished) this.sendPending();
      },
      (error: unknown) => this.end(DROPPED_CODE, errorText(error)),
    );
  }
}
