import type { Message } from '../channel/outgoing-message.js';
import { nextTick } from '../../util/next-tick.js';
import { FrameBatch } from '../sockjs/frame-batch.js';
import { DROPPED_CODE } from '../channel/close-code.js';
import { decodeAnyFrame } from '../sockjs/lines.js';
import { type PageChannelOptions, RawPageChannel } from './raw-page-channel.js';

/** A SockJS session over a WebSocket of the browser. The messages of one turn of the event loop share a frame. */
export class FramedPageChannel extends RawPageChannel {
  readonly #batch: FrameBatch;
  #scheduled = false;
  #received = false;
  #silentBeats = 0;

  constructor(options: PageChannelOptions) {
    super(options);
    this.#batch = new FrameBatch('[', options.limits.messageBytes);
  }

  /**
   * Must be called at regular intervals. Drops the connection after `idleBeats` calls without a frame or heartbeat of the
   * server.
   */
  beat(idleBeats: number): void {
    this.#silentBeats = this.#received ? 0 : this.#silentBeats + 1;
    this.#received = false;
    if (this.#silentBeats >= idleBeats) this.end(DROPPED_CODE, 'The server does not respond');
  }

  protected override get pendingLength(): number {
    return this.#batch.length;
  }

  protected override enqueue(message: Message): boolean {
    if (this.#batch.isUnlike(message)) this.flush();
    if (!this.#batch.add(message)) return false;
    if (this.#batch.isFull) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      nextTick(() => {
        this.#scheduled = false;
        this.flush();
        this.#batch.endTurn();
      });
    }
    return true;
  }

  protected override flush(): void {
    if (this.#batch.count > 0) this.transmit(this.#batch.take());
  }

  protected override receive(text: string): void {
    this.#received = true;
    const frame = decodeAnyFrame(text, this.#batch.lines, this.limits.messageBytes);
    switch (frame.type) {
      case 'messages':
        for (const message of frame.messages) this.deliver(message);
        break;
      case 'close':
        this.beginClose(frame);
        break;
      case 'violation':
        this.close(frame.code, frame.reason);
        break;
      case 'open':
        this.use(frame.extensions);
        this.#batch.lines = frame.extensions.includes('lines');
        break;
      case 'heartbeat':
        break;
    }
  }
}
