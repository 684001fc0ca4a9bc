import type { Channel, ChannelReceiver } from './channel.js';
import type { BudgetShare, BudgetUser, ConnectionBudgets } from './memory-budget.js';
import type { Message } from './outgoing-message.js';

/** A channel whose queue counts towards a budget. For channels that pages use as well, which have no budgets. */
export class CountedChannel implements Channel, BudgetUser {
  readonly #channel: Channel;
  // Undefined once the connection has ended.
  #budgets: ConnectionBudgets | undefined;
  #output: BudgetShare | undefined;

  constructor(channel: Channel, budgets: ConnectionBudgets) {
    this.#channel = channel;
    this.#budgets = budgets;
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  get bufferedBytes(): number {
    return this.#channel.bufferedBytes;
  }

  start(receiver: ChannelReceiver): void {
    this.#channel.start({
      ...(receiver.deliverBeforeClose === true && { deliverBeforeClose: true }),
      message: (text, prefix) => receiver.message(text, prefix),
      drain: () => receiver.drain(),
      close: (code, reason) => {
        this.#budgets = undefined;
        this.#output?.close();
        receiver.close(code, reason);
      },
    });
  }

  send(message: Message): void {
    this.#channel.send(message);
    this.measure();
  }

  measure(): void {
    const { bufferedBytes } = this.#channel;
    if (bufferedBytes > 0) this.#output ??= this.#budgets?.output.open(this);
    this.#output?.resize(bufferedBytes);
  }

  expel(reason: string): void {
    this.#channel.close(1008, reason);
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  close(code?: number, reason?: string): void {
    this.#channel.close(code, reason);
  }
}
