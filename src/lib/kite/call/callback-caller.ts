import type { AnyFunction, Scrubbed } from '../../dnode/scrub.js';
import { hasCode } from '../../protocol/errors.js';
import { type Message, messageLength, type Piece } from '../../transport/channel/outgoing-message.js';
import { DISPOSE } from '../../util/dispose.js';
import type { Logger } from '../../util/logger.js';
import { type AnswerReader, CallbackAnswer } from '../callbacks/callback-answer.js';
import type { CallbackScope } from '../callbacks/callback-scope.js';
import type { ConnectionLimits } from '../limits/kite-limits.js';
import { answerNotRequested, callbackEnded, notSentError, tooManyCallbacks } from './call-errors.js';
import { EncodedResult } from './encoded-result.js';
import { callbackMessage, encodedMessage, NO_FIELD, releaseMessage, withAnswer } from './envelope.js';
import type { Negotiation } from './negotiation.js';
import { HeldMessage, type Outbox, withEncoded } from './outbox.js';
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

/** What is known about a callback of the peer. */
class Stub implements AnswerReader {
  readonly number: number;
  /** The call in whose arguments the callback is. Undefined if it lives until it is released. */
  readonly scope: CallbackScope | undefined;
  /** Whether it was called since it was received, or since its call has ended. */
  called: 'never' | 'before the end' | 'after the end' = 'never';
  /** Whether the program has read one of its answers. */
  read = false;
  /** The reason for which it cannot be called any more. */
  over: (() => Error) | undefined;

  constructor(number: number, scope: CallbackScope | undefined) {
    this.number = number;
    this.scope = scope;
  }

  answerRead(): void {
    this.read = true;
  }
}

/** A call that waits until the turn of the event loop shows whether the program reads its answer. */
class HeldCall extends HeldMessage implements AnswerReader {
  readonly #caller: CallbackCaller;
  readonly #stub: Stub;
  readonly #scrubbed: Scrubbed;
  readonly #message: readonly Piece[];
  readonly answer: CallbackAnswer;
  #sent = false;

  constructor(caller: CallbackCaller, stub: Stub, scrubbed: Scrubbed, message: readonly Piece[]) {
    super();
    this.#caller = caller;
    this.#stub = stub;
    this.#scrubbed = scrubbed;
    this.#message = message;
    this.answer = new CallbackAnswer(this);
  }

  release(answers: boolean): Message {
    this.#sent = true;
    const { outbox } = this.#caller.options;
    const asks = (answers || this.#stub.read) && !outbox.ended;
    if (outbox.ended) this.answer.reject(notSentError());
    const message = asks ? this.#caller.ask(this.#stub, this.#message, this.answer) : this.#message;
    return withEncoded(this.#scrubbed, message);
  }

  answerRead(): void {
    this.#stub.read = true;
    if (this.#sent) this.answer.reject(answerNotRequested());
    else this.#caller.options.outbox.answersAreRead();
  }
}

/** Calls the callbacks of the peer of a connection. */
export class CallbackCaller {
  readonly options: CallbackCallerOptions;
  #unreachable: FinalizationRegistry<Stub> | undefined;
  #hasWarned = false;

  constructor(options: CallbackCallerOptions) {
    this.options = options;
  }

  /** Returns a function that calls a callback of the peer. `scope`: see `Stub`. */
  stub(number: number, scope?: CallbackScope): AnyFunction {
    const state = new Stub(number, scope);
    const release = (): void => this.#release(state);
    const stub = Object.assign((...args: unknown[]): CallbackAnswer => this.#call(state, args), {
      release,
      [DISPOSE]: release,
    });
    if (!scope) this.#releaseWith(stub, state);
    return stub;
  }

  get #speaks(): boolean {
    return this.options.negotiation.extensions?.has('callbackResults') ?? false;
  }

  #call(stub: Stub, args: unknown[]): CallbackAnswer {
    const { outbox, pendingCalls } = this.options;
    const over = outbox.ended ? notSentError : stub.over;
    if (over) return failed(over);
    const [event] = args;
    const isEncoded = event instanceof EncodedResult;
    const scrubbed = isEncoded ? ENCODED : outbox.encode(args, 'The arguments of a callback', 'args');
    const message = isEncoded
      ? encodedMessage(stub.number, event.pieces, NO_FIELD)
      : callbackMessage(stub.number, scrubbed.json, scrubbed.functions, pendingCalls);
    if (!this.#speaks) {
      outbox.sendEncoded(scrubbed, message);
      return NO_ANSWER;
    }
    // The first call after the end shows whether the callback has ended as well.
    const called = stub.scope?.ended ? 'after the end' : 'before the end';
    if (stub.called === called && !stub.read) {
      scrubbed.attached?.copy();
      const held = new HeldCall(this, stub, scrubbed, message);
      outbox.hold(held, messageLength(message) + (scrubbed.attached?.size ?? 0));
      return held.answer;
    }
    stub.called = called;
    const answer = new CallbackAnswer(stub);
    outbox.sendEncoded(scrubbed, this.ask(stub, message, answer));
    return answer;
  }

  /** Returns a message with the request for an answer. */
  ask(stub: Stub, message: readonly Piece[], answer: CallbackAnswer): readonly Piece[] {
    const { pendingCalls, negotiation, limits, timeout } = this.options;
    const { scope } = stub;
    const timeLeft = scope?.request?.timeLeft;
    answer.reader = stub;
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
      // 0 means without end.
      timeout: timeLeft === undefined ? timeout : Math.max(1, timeLeft),
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
    // A program that reads the answers learns it from them.
    if (!scope || scope.canceled || stub.read) return;
    // A peer must not fill the log.
    const level = this.#hasWarned ? 'debug' : 'warn';
    this.#hasWarned = true;
    this.options.logger[level](
      `A callback that was an argument of "${scope.method}" was called after the call had ended, which has no effect: its caller can share it for longer`,
    );
  }

  /** Releases a callback at the peer. */
  #release(stub: Stub): void {
    if (stub.over) return;
    stub.over = released;
    this.#unreachable?.unregister(stub);
    const { outbox } = this.options;
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

/** Arguments that are in the message already. */
const ENCODED: Scrubbed = { json: '', functions: undefined };
const NO_ANSWER = new CallbackAnswer(undefined, Promise.resolve<unknown>(undefined));

function failed(reason: () => Error): CallbackAnswer {
  return new CallbackAnswer({ answerRead: (answer) => answer.reject(reason()) });
}

function released(): Error {
  return callbackEnded('The program has released the callback');
}
