import type { Channel } from './channel.js';
import { ForwardingChannel } from './forwarding-channel.js';
import type { BudgetShare, BudgetUser, ConnectionBudgets } from './memory-budget.js';
import type { Message } from './outgoing-message.js';

/** A channel whose queue counts towards a budget. For channels that pages use as well, which have no budgets. */
export class CountedChannel extends ForwardingChannel implements BudgetUser {
  // Undefined once the connection has ended.
  #budgets: ConnectionBudgets | undefined;
  #output: BudgetShare | undefined;

  constructor(channel: Channel, budgets: ConnectionBudgets) {
    super(channel);
    this.#budgets = budgets;
  }

  override send(message: Message): void {
    super.send(message);
    this.measure();
  }

  measure(): void {
    if (this.#budgets) this.#output = this.#budgets.output.charge(this, this.#output, this.bufferedBytes);
  }

  expel(reason: string): void {
    this.close(1008, reason);
  }

  protected override ended(): void {
    this.#budgets = undefined;
    this.#output?.close();
  }
}
