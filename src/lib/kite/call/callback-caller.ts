import type { AnyFunction, Scrubbed } from '../../dnode/scrub.js';
import { hasCode } from '../../protocol/errors.js';
import type { Piece } from '../../transport/channel/outgoing-message.js';
import { DISPOSE } from '../../util/dispose.js';
import type { Logger } from '../../util/logger.js';
import { CallbackAnswer } from '../callbacks/callback-answer.js';
import type { CallbackScope } from '../callbacks/callback-scope.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import { answerNotRequested, callbackEnded, disconnectError, tooManyCallbacks } from './call-errors.js';
import { callbackMessage, releaseMessage, withAnswer } from './envelope.js';
import type { Negotiation } from './negotiation.js';
import { type HeldMessage, type Outbox, withEncoded } from './outbox.js';
import type { PendingCall, PendingCalls } from './pending-calls.js';

export interface CallbackCallerOptions {
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  readonly outbox: Outbox;
  readonly pendingCalls: PendingCalls;
  readonly negotiation: Negotiation;
  /** How long an answer is awaited, in milliseconds, if the call of the callback's owner has no deadline; 0 means without end. */
  readonly timeout: number;
}

/** A call of a callback whose arguments are encoded. */
interface EncodedCall {
  readonly scrubbed: Scrubbed;
  readonly message: readonly Piece[];
}

/** What is known about a callback of the peer. */
interface Stub {
  readonly number: number;
  /** The call in whose arguments the callback is. Undefined if it lives until it is released. */
  readonly scope: CallbackScope | undefined;
  /** Whether it was called since it was received, or since its call has ended. */
  called: 'never' | 'before the end' | 'after the end';
  /** Whether the program has read one of its answers. */
  read: boolean;
  /** The reason for which it cannot be called any more. */
  over: (() => Error) | undefined;
}

/** Calls the callbacks of the peer of a connection. */
export class CallbackCaller {
  readonly #options: CallbackCallerOptions;
  #unreachable: FinalizationRegistry<Stub> | undefined;

  constructor(options: CallbackCallerOptions) {
    this.#options = options;
  }

  /** Returns a function that calls a callback of the peer. `scope`: see `Stub`. */
  stub(number: number, scope?: CallbackScope): AnyFunction {
    const state: Stub = { number, scope, called: 'never', read: false, over: undefined };
    const release = (): void => this.#release(state);
    const stub = Object.assign((...args: unknown[]): CallbackAnswer => this.#call(state, args), {
      release,
      [DISPOSE]: release,
    });
    if (!scope) this.#releaseWith(stub, state);
    return stub;
  }

  get #speaks(): boolean {
    return this.#options.negotiation.extensions?.has('callbackResults') ?? false;
  }

  #call(stub: Stub, args: unknown[]): CallbackAnswer {
    const { outbox, pendingCalls } = this.#options;
    const over = outbox.ended ? disconnected : stub.over;
    if (over) return failed(over);
    const scrubbed = outbox.encode(args, 'The arguments of a callback', 'args');
    const message = callbackMessage(stub.number, scrubbed.json, scrubbed.functions, pendingCalls);
    if (!this.#speaks) {
      outbox.sendEncoded(scrubbed, message);
      return NO_ANSWER;
    }
    const answer = new CallbackAnswer();
    // The first call after the end shows whether the callback has ended as well.
    const called = stub.scope?.ended ? 'after the end' : 'before the end';
    if (stub.called === called && !stub.read) {
      this.#hold(stub, { scrubbed, message }, answer);
      return answer;
    }
    stub.called = called;
    outbox.sendEncoded(scrubbed, this.#ask(stub, message, answer));
    return answer;
  }

  /** Keeps a message until the turn of the event loop shows whether the program reads its answer. */
  #hold(stub: Stub, { scrubbed, message }: EncodedCall, answer: CallbackAnswer): void {
    const { outbox } = this.#options;
    const held: HeldMessage = {
      release: (answers) => {
        if (outbox.ended) answer.reject(disconnected());
        else if (answers || stub.read) return withEncoded(scrubbed, this.#ask(stub, message, answer));
        else
          answer.onRead = () => {
            stub.read = true;
            answer.reject(answerNotRequested());
          };
        return withEncoded(scrubbed, message);
      },
    };
    answer.onRead = () => {
      stub.read = true;
      outbox.answersAreRead();
    };
    outbox.hold(held, withEncoded(scrubbed, message));
  }

  /** Returns a message with the request for an answer. */
  #ask(stub: Stub, message: readonly Piece[], answer: CallbackAnswer): readonly Piece[] {
    const { pendingCalls, negotiation, limits, timeout } = this.#options;
    const { scope } = stub;
    answer.onRead = () => (stub.read = true);
    if (pendingCalls.size >= limits.callbacksPerConnection) {
      answer.reject(tooManyCallbacks(limits.callbacksPerConnection));
      return message;
    }
    const pending: PendingCall = {
      method: 'callback',
      resolve: (value) => {
        scope?.delete(canceled);
        answer.resolve(value);
      },
      reject: (error) => {
        scope?.delete(canceled);
        if (hasCode(error, 'callbackEnded')) this.#ended(stub);
        answer.reject(error);
      },
      timeout: scope?.request?.timeLeft ?? timeout,
      callbacks: undefined,
      unlisten: undefined,
      deadline: Infinity,
    };
    const number = pendingCalls.open(pending);
    const canceled = (reason: unknown): void => pendingCalls.settle(number, pending).reject(reason);
    scope?.add(canceled);
    return withAnswer(message, number, negotiation.takeAnnouncement());
  }

  /** The peer has answered that the callback has ended. */
  #ended(stub: Stub): void {
    if (stub.over) return;
    stub.over = callbackEnded;
    const { scope } = stub;
    if (!scope || scope.canceled) return;
    this.#options.logger.warn(
      `A callback that was an argument of "${scope.method}" was called after the call had ended, which has no effect: its caller can share it for longer`,
    );
  }

  /** Releases a callback at the peer. */
  #release(stub: Stub): void {
    if (stub.over) return;
    stub.over = released;
    this.#unreachable?.unregister(stub);
    const { outbox } = this.#options;
    if (outbox.ended || !this.#speaks || stub.scope?.canceled) return;
    outbox.send(releaseMessage(stub.number));
  }

  /** Releases a callback when the program has no reference to its stub any more. */
  #releaseWith(stub: AnyFunction, state: Stub): void {
    if (typeof FinalizationRegistry === 'undefined' || !this.#speaks) return;
    this.#unreachable ??= new FinalizationRegistry((unreachable) => this.#release(unreachable));
    this.#unreachable.register(stub, state, state);
  }
}

const NO_ANSWER = new CallbackAnswer(Promise.resolve(undefined));

function failed(reason: () => Error): CallbackAnswer {
  const answer = new CallbackAnswer();
  answer.onRead = () => answer.reject(reason());
  return answer;
}

function disconnected(): Error {
  return disconnectError('');
}

function released(): Error {
  return callbackEnded('The program has released the callback');
}
