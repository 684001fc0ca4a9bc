import { type Message, messageText } from '../util/message.js';
import { nextTick } from '../util/next-tick.js';
import { exceedsBytes } from '../util/utf8.js';
import { ClientChannel, type ClientChannelOptions } from '../sockjs/client/client-channel.js';
import { DROPPED_CODE } from '../sockjs/close-code.js';
import type { Signals } from './signals.js';

export interface RelayChannelOptions extends ClientChannelOptions {
  readonly signals: Signals;
  /** The id of the other page's kite. */
  readonly peer: string;
  readonly session: string;
}

/** A signal takes no more messages once it is this long. */
const SIGNAL_LENGTH = 128 * 1024;

/**
 * A channel between two pages through Kontrol, for where no data channel comes about. One signal at a time is on its way,
 * with all that waited for it, and the next leaves when the other side has taken it.
 */
export class RelayChannel extends ClientChannel {
  readonly #signals: Signals;
  readonly #peer: string;
  readonly #session: string;
  #queue: string[] = [];
  #queueLength = 0;
  #speaking = 0;
  #scheduled = false;
  #reading: (() => void)[] = [];

  constructor(options: RelayChannelOptions) {
    super(options);
    this.#signals = options.signals;
    this.#peer = options.peer;
    this.#session = options.session;
  }

  get bufferedBytes(): number {
    return this.#queueLength + this.#speaking;
  }

  /** Messages have come. Resolves when the next may. */
  receive(messages: readonly unknown[]): Promise<void> {
    for (const message of messages) {
      if (typeof message !== 'string') this.close(1002, 'A message is a text');
      else if (exceedsBytes(message, this.limits.messageBytes)) this.refuseLength();
      else this.deliver(message);
    }
    if (!this.held || this.finished) return Promise.resolve();
    return new Promise((resolve) => this.#reading.push(resolve));
  }

  /** The other side has left, or the way to it is gone. */
  left(code = DROPPED_CODE, reason = ''): void {
    this.end(code, reason);
  }

  get ended(): boolean {
    return this.finished;
  }

  protected enqueue(message: Message): boolean {
    const text = messageText(message);
    if (exceedsBytes(text, this.limits.messageBytes)) return false;
    this.#queue.push(text);
    this.#queueLength += text.length;
    this.#schedule();
    return true;
  }

  protected override discard(): void {
    this.#queue = [];
    this.#queueLength = 0;
  }

  protected leave(): void {
    this.#schedule();
  }

  protected release(): void {
    this.startReading();
  }

  protected stopReading(): void {
    // The other side waits for what `receive` returns.
  }

  protected startReading(): void {
    for (const resolve of this.#reading.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#scheduled || this.#speaking > 0) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#speak();
    });
  }

  #speak(): void {
    if (this.finished) return;
    const messages = this.#take();
    if (messages.length === 0) {
      this.#sayGoodbye();
      return;
    }
    this.#signals.send('message', this.#peer, { session: this.#session, messages }).then(
      () => {
        this.#speaking = 0;
        this.taken();
        this.#speak();
      },
      (error: unknown) => this.end(DROPPED_CODE, String(error)),
    );
  }

  /** What goes with the next signal: one message at least, if one waits. */
  #take(): string[] {
    const messages: string[] = [];
    while (this.#speaking < SIGNAL_LENGTH) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      messages.push(message);
      this.#speaking += Math.max(1, message.length);
      this.#queueLength -= message.length;
    }
    return messages;
  }

  #sayGoodbye(): void {
    if (!this.goodbye) return;
    const { code, reason } = this.goodbye;
    // Whoever is gone need not be told.
    this.#signals.send('leave', this.#peer, { session: this.#session, code, reason }).catch(() => undefined);
    this.end(code, reason);
  }
}
