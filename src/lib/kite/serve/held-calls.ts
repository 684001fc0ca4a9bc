import { canceledError, deadlinePassed } from '../call/call-errors.js';
import { readDeadline } from '../call/call-fields.js';
import type { Connection, HeldMessages, RunningCall } from '../call/connection.js';
import type { IncomingCall } from '../call/envelope.js';

interface CallBehindCheck extends RunningCall {
  readonly call: IncomingCall;
  /** Time of the monotonic clock. */
  readonly arrivedAt: number;
  readonly canceled: boolean;
}

/** Runs a call that has waited. */
export type DispatchCall = (connection: Connection, call: IncomingCall) => void;

/**
 * The calls of one connection that wait, in the order of their arrival, until the credentials of an earlier one have been checked.
 * They count as running calls, so that a peer that sends too many is not read any more.
 */
export class HeldCalls implements HeldMessages {
  readonly #connection: Connection;
  readonly #dispatch: DispatchCall;
  #calls: CallBehindCheck[] = [];
  #checking = false;

  constructor(connection: Connection, dispatch: DispatchCall) {
    this.#connection = connection;
    this.#dispatch = dispatch;
  }

  /** Holds further calls until a check has settled, and `settled` has handled its call. */
  until(checked: Promise<void>, settled: (error?: unknown) => void): void {
    this.#checking = true;
    const release = (error?: unknown): void => {
      settled(error);
      this.#release();
    };
    checked.then(
      () => release(),
      (error: unknown) => release(error ?? new Error('The check of the credentials failed')),
    );
  }

  add(call: IncomingCall): void {
    const connection = this.#connection;
    const held = {
      call,
      arrivedAt: connection.clock.monotonic(),
      canceled: false,
      cancel(reason: Error): void {
        held.canceled = true;
        call.scope?.cancel(reason);
      },
    };
    connection.firstCall = false;
    connection.flow.began();
    connection.track(call, held);
    this.#calls.push(held);
  }

  /** Dispatches the calls that wait, until the credentials of one of them have to be checked. */
  #release(): void {
    this.#checking = false;
    const calls = this.#calls;
    let count = 0;
    while (count < calls.length && !this.#isChecking()) {
      const held = calls[count++];
      if (held) this.#run(held);
    }
    this.#calls = calls.slice(count);
    if (!this.#isChecking()) this.#connection.held = undefined;
  }

  #isChecking(): boolean {
    return this.#checking;
  }

  #run(held: CallBehindCheck): void {
    const connection = this.#connection;
    const { call, arrivedAt, canceled } = held;
    connection.untrack(call, held);
    const deadline = readDeadline(call.deadline);
    const left = deadline && deadline - (connection.clock.monotonic() - arrivedAt);
    if (canceled || connection.hasEnded) end(call);
    else if (left !== undefined && left <= 0) {
      end(call);
      connection.respondError(call, deadlinePassed(), '');
    } else this.#dispatch(connection, left === undefined ? call : { ...call, deadline: left });
    connection.flow.ended();
  }
}

/** Releases what a call that does not run has brought with it. */
function end({ inputs, scope }: IncomingCall): void {
  if (inputs) for (const input of inputs) input.close(canceledError());
  scope?.end();
}
