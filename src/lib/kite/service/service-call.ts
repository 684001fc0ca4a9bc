import { isKiteError, KiteError } from '../../protocol/errors.js';
import type { Clock, Timer } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import { abortedError, closedHere } from '../call/call-errors.js';
import { onAbort } from '../call/call-fields.js';
import type { CallOptions } from '../call/peer.js';
import { cancelStreams, expectFailures, hasStreams } from '../call/tagged-message.js';
import { ATTEMPTS_OF_CALL } from '../limits/kite-limits.js';
import type { OpeningStream } from '../streams/remote-stream.js';
import { type Endpoint, isUnanswered, type ServiceKite } from './endpoint.js';
import type { EndpointLink } from './endpoint-pool.js';
import { type FailedAttempt, listAttempts, mayRepeat } from './attempts.js';

/** What a call of a service needs of it. */
export interface ServiceCallHost {
  readonly name: string;
  readonly clock: Clock;
  /** Default timeout of calls in milliseconds; 0 means none. */
  readonly timeout: number;
  /** How long a call waits for a kite, in milliseconds. */
  readonly wait: number;
  readonly isClosed: boolean;
  /** The calls that wait for a kite. */
  readonly waiting: Set<ServiceCall>;
  /** Returns the connection for a call, if there is one now: not to a kite in `except`, if there are others. */
  pick(
    method: string,
    key: number | undefined,
    except: ReadonlySet<Endpoint> | undefined,
  ): EndpointLink | undefined;
  /** Why there is no kite, for the error of a call that has waited in vain. */
  whyNone(): readonly string[];
  /** The kite has not answered a call in time. */
  timedOut(link: EndpointLink): void;
  /** A call has failed at a kite. `isRetry`: whether it will be made again. Returns false if the budget does not allow that. */
  failed(call: ServiceCall, kite: ServiceKite, error: KiteError, isRetry: boolean): boolean;
  /** A call has failed for good, without an answer of a kite. */
  gaveUp(call: ServiceCall, error: KiteError): void;
  /** A call waits for a kite. */
  waits(call: ServiceCall): void;
  /**
   * Whether a call that waits for a kite which does not answer is also made elsewhere. False if the budget does not allow it.
   */
  mayMove(call: ServiceCall, kite: ServiceKite): boolean;
}

/** A call of a service that has to be made. */
export interface ServiceRequest {
  readonly method: string;
  readonly args: unknown[];
  readonly options: CallOptions | undefined;
  /** Whether the call may run twice. */
  readonly isIdempotent: boolean;
  /** The hash of the key that decides which kite is called. Undefined: any. */
  readonly key: number | undefined;
  /** The stream that the call opens. */
  readonly stream: OpeningStream | undefined;
}

interface FailedCall extends FailedAttempt {
  readonly kite: ServiceKite;
  readonly error: KiteError;
}

/**
 * One call of a service: waits until there is a kite, and is made again at another kite if it has not run, or may run twice.
 * Settles with the first answer of a kite.
 */
export class ServiceCall {
  readonly method: string;
  readonly #host: ServiceCallHost;
  readonly #request: ServiceRequest;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #startedAt: number;
  #failures: FailedCall[] | undefined;
  #tried: Set<Endpoint> | undefined;
  #running = 0;
  #isDone = false;
  #hasWaited = false;
  #giveUp: Timer | undefined;
  #unlisten: (() => void) | undefined;

  constructor(
    host: ServiceCallHost,
    request: ServiceRequest,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    startedAt: number,
  ) {
    this.#host = host;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.method = request.method;
    this.#startedAt = startedAt;
  }

  /**
   * Makes a call over a connection. Most calls are answered, so that only one which fails, or whose kite does not answer, becomes a
   * ServiceCall.
   */
  static first(
    host: ServiceCallHost,
    link: EndpointLink,
    request: ServiceRequest,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    const startedAt = host.clock.monotonic();
    let call: ServiceCall | undefined;
    const whole = (): ServiceCall => {
      if (call) return call;
      call = new ServiceCall(host, request, resolve, reject, startedAt);
      call.#running = 1;
      return call;
    };
    const move = request.isIdempotent ? link.movableCall(() => whole().#move(link)) : undefined;
    link.began();
    link.client.callInto(
      request.method,
      request.args,
      request.options,
      (value) => {
        link.ended(true);
        if (move) link.settle(move);
        if (call) call.#isDone = true;
        resolve(value);
      },
      (error) => {
        if (move) link.settle(move);
        queueMicrotask(() => whole().#attemptFailed(link, error));
      },
    );
  }

  /** Makes the call, or waits for a kite. */
  start(): void {
    const link = this.#host.isClosed
      ? undefined
      : this.#host.pick(this.method, this.#request.key, this.#tried);
    if (link) this.#attempt(link);
    else this.#wait();
  }

  /** Continues a call that waits, because a kite is there. */
  resume(): void {
    const link = this.#host.pick(this.method, this.#request.key, this.#tried);
    if (!link) return;
    this.#stopWaiting();
    this.#attempt(link);
  }

  /** The service has closed while the call waited. */
  close(): void {
    this.#stopWaiting();
    this.#fail(closedHere());
  }

  #attempt(link: EndpointLink): void {
    const { method, args, isIdempotent, stream } = this.#request;
    const options = this.#options();
    this.#running++;
    link.began();
    const move = isIdempotent && !stream ? link.movableCall(() => this.#move(link)) : undefined;
    const answered = (value: unknown): void => {
      if (move) link.settle(move);
      link.ended(true);
      this.#isDone = true;
      this.#resolve(value);
    };
    const failed = (error: unknown): void => {
      if (move) link.settle(move);
      // When a connection ends, the state of the kite changes after its calls were rejected.
      queueMicrotask(() => this.#attemptFailed(link, error));
    };
    if (stream) link.client.openStream(method, args, options ?? {}, stream).then(answered, failed);
    else link.client.callInto(method, args, options, answered, failed);
  }

  /** Returns the options of the next attempt: all of them together have the timeout of the call. */
  #options(): CallOptions | undefined {
    const { options, args } = this.#request;
    if (!this.#failures && !this.#hasWaited) return options;
    const timeout = options?.timeout ?? (hasStreams(args) ? 0 : this.#host.timeout);
    return timeout > 0 ? { ...options, timeout: Math.max(1, timeout - this.#elapsed()) } : options;
  }

  #elapsed(): number {
    return this.#host.clock.monotonic() - this.#startedAt;
  }

  #attemptFailed(link: EndpointLink, error: unknown): void {
    this.#running--;
    if (!isKiteError(error)) {
      link.ended(false);
      this.#fail(error);
      return;
    }
    link.ended(!isUnanswered(error));
    const kite = link.owner;
    if (error.type === 'timeout') this.#host.timedOut(link);
    else if (error.code === 'draining' && error.retryable) kite.drain(link, error);
    if (this.#isDone) return;
    (this.#failures ??= []).push({ kite, error });
    // The same call may still run at another kite.
    if (this.#running > 0) return;
    const problem = this.#repeat(kite, error);
    if (problem === undefined) this.#next(kite);
    else this.#conclude(error, problem);
  }

  /** Returns why a call is not made again after a failure. Undefined if it is; the budget has been charged then. */
  #repeat(kite: Endpoint, error: KiteError): string | undefined {
    const mayRun = mayRepeat(error, this.#request.isIdempotent);
    const isRetry = mayRun && this.#canRepeat() && this.#attempts < ATTEMPTS_OF_CALL;
    const isAllowed = this.#host.failed(this, kite, error, isRetry);
    if (isRetry) return isAllowed ? undefined : 'the retry budget is exhausted';
    return mayRun && this.#attempts >= ATTEMPTS_OF_CALL ? 'too many attempts' : '';
  }

  get #attempts(): number {
    return this.#failures?.length ?? 0;
  }

  /** Whether the call still has all that it needs to be made: streams end with the attempt that sends them. */
  #canRepeat(): boolean {
    const { args, stream } = this.#request;
    return !this.#host.isClosed && !stream?.reader.begun && !hasStreams(args);
  }

  #next(failed: Endpoint): void {
    (this.#tried ??= new Set()).add(failed);
    this.start();
  }

  /** Makes the call elsewhere as well, because the kite does not answer. */
  #move(link: EndpointLink): void {
    if (this.#isDone || !this.#canRepeat()) return;
    const other = this.#host.pick(this.method, this.#request.key, new Set([link.owner]));
    if (!other || other.owner === link.owner) return;
    if (this.#host.mayMove(this, link.owner)) this.#attempt(other);
  }

  #wait(): void {
    const { options, args } = this.#request;
    const { clock, timeout, waiting } = this.#host;
    if (this.#host.isClosed) {
      this.#fail(closedHere());
      return;
    }
    this.#hasWaited = true;
    const total = options?.timeout ?? timeout;
    const left = total > 0 ? Math.max(0, total - this.#elapsed()) : Number.POSITIVE_INFINITY;
    expectFailures(args);
    waiting.add(this);
    this.#giveUp = clock.setTimeout(() => this.#waitedInVain(), Math.min(this.#host.wait, left));
    this.#host.waits(this);
    if (options?.signal || options?.parent) this.#listen(options);
  }

  #listen({ signal, parent }: CallOptions): void {
    const abort = (reason: unknown): void => {
      this.#stopWaiting();
      this.#fail(reason);
    };
    // The listeners of a signal that has aborted are not called.
    if (signal?.aborted) abort(abortedError(signal.reason));
    else if (parent?.signal.aborted) abort(parent.signal.reason);
    else this.#unlisten = onAbort(signal, parent, abort);
  }

  #stopWaiting(): void {
    this.#host.waiting.delete(this);
    this.#giveUp?.cancel();
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  #waitedInVain(): void {
    this.#stopWaiting();
    const why = `no kite within ${formatDuration(Math.round(this.#elapsed()))}`;
    this.#conclude(undefined, why);
  }

  #fail(error: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#hasWaited) cancelStreams(this.#request.args);
    this.#reject(error);
  }

  /** Ends the call with the error of a kite that has answered, or because it cannot be made again. */
  #conclude(last: KiteError | undefined, why: string): void {
    const isAnswer = last && !last.retryable && !isUnanswered(last);
    const error = isAnswer ? last : this.#conclusion(last, why);
    if (!isAnswer && last?.type !== 'aborted' && !this.#host.isClosed) this.#host.gaveUp(this, error);
    this.#fail(error);
  }

  /** Returns the error of a call that is given up: that of the kite that may have run it, or one that lists what was tried. */
  #conclusion(last: KiteError | undefined, why: string): KiteError {
    const failures = this.#failures ?? [];
    if (last && failures.length === 1 && why === '') return last;
    const tried = listAttempts(failures);
    const none = last ? [] : this.#host.whyNone();
    const { name } = this.#host;
    const details = [why, ...tried, ...none].filter((part) => part !== '').join('; ');
    const message = `Cannot call "${this.method}" of ${name}: ${details}`;
    const cause = failures.length > 0 ? new AggregateError(failures.map(({ error }) => error)) : undefined;
    const retryable = failures.every(({ error }) => error.retryable);
    if (last) return new KiteError(last.type, message, { code: last.code, cause, retryable });
    const isLostCall = failures.some(({ error }) => !error.retryable);
    return new KiteError('disconnect', message, { code: isLostCall ? 'lost' : 'noKite', cause, retryable });
  }
}
