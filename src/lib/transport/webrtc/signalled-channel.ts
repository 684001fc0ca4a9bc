import type { ClientChannelOptions } from '../sockjs/client-channel.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { ChunkedChannel } from './chunked-channel.js';
import type { Signals } from './signals.js';

export interface SignalledChannelOptions extends ClientChannelOptions {
  readonly signals: Signals;
  /** The id of the other page's kite. */
  readonly peer: string;
  readonly session: string;
}

/** A signal takes no more pieces once it is this long. */
const SIGNAL_LENGTH = 64 * 1024;

/**
 * A channel between two pages through Kontrol, for where no data channel comes about. One signal at a time is on its way,
 * with the pieces that waited for it, and the next leaves when the other side has taken it.
 */
export class SignalledChannel extends ChunkedChannel {
  readonly #signals: Signals;
  readonly #peer: string;
  readonly #session: string;
  /** On its way, in UTF-16 units. */
  #speaking = 0;
  #taken: (() => void) | undefined;

  constructor(options: SignalledChannelOptions) {
    super(options);
    this.#signals = options.signals;
    this.#peer = options.peer;
    this.#session = options.session;
  }

  get bufferedBytes(): number {
    return this.waitingLength + this.#speaking;
  }

  /** Pieces have come. Resolves when the next may. */
  receive(pieces: readonly unknown[]): Promise<void> {
    // Whoever does not wait is no page of ours.
    if (this.#taken) this.close(1008, 'The next message came before this one was taken');
    for (const piece of pieces) this.hear(piece);
    if (!this.held || this.finished || this.goodbye) return Promise.resolve();
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  /** The way to the other side is gone. */
  lost(): void {
    this.end(DROPPED_CODE, '');
  }

  get ended(): boolean {
    return this.finished;
  }

  /** To be called at a steady pace: notices that the other side is gone, of which nobody tells. */
  beat(): void {
    if (this.#speaking === 0) this.#send([]);
  }

  protected release(): void {
    this.startReading();
  }

  protected override startReading(): void {
    super.startReading();
    this.#taken?.();
    this.#taken = undefined;
  }

  protected speak(): void {
    if (this.#speaking > 0) return;
    const pieces: string[] = [];
    let length = 0;
    while (length < SIGNAL_LENGTH) {
      const piece = this.take();
      if (piece === undefined) break;
      pieces.push(piece);
      length += piece.length;
    }
    if (length > 0) this.#send(pieces);
    // The goodbye was the last of them.
    else if (this.goodbye) this.lost();
  }

  #send(pieces: readonly string[]): void {
    this.#speaking = pieces.reduce((sum, { length }) => sum + length, 1);
    this.#signals.send('message', this.#peer, { session: this.#session, pieces }).then(
      () => {
        this.#speaking = 0;
        this.taken();
        if (!this.finished) this.speak();
      },
      (error: unknown) => this.end(DROPPED_CODE, String(error)),
    );
  }
}
