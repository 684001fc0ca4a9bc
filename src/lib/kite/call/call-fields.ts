import { checkedMetadata, type Metadata } from '../../protocol/metadata.js';
import type { MetadataLimits } from '../../protocol/protocol-limits.js';
import { checkedTrace, type TraceContext } from '../../protocol/trace-context.js';
import { KiteError } from '../../protocol/errors.js';
import { abortedError } from './call-errors.js';
import type { Negotiation } from './negotiation.js';
import { MAX_DEADLINE } from '../limits/kite-limits.js';

/** The request for which a call is made. A `Request` is one. */
export interface ParentRequest {
  readonly signal: AbortSignal;
  readonly timeLeft: number | undefined;
  readonly trace: TraceContext | undefined;
  readonly metadata: Metadata;
  /** Calls `listener` when the signal aborts. Returns a function that removes it. For any number of listeners. */
  onAbort(listener: () => void): () => void;
}

/** The options of a call that extensions of the protocol carry. */
export interface FieldOptions {
  /** The trace to which the call belongs. Default: that of the `parent`. */
  readonly trace?: TraceContext;
  /** Strings that the handler finds in `request.metadata`, in addition to those of the `parent`. */
  readonly metadata?: Metadata;
  readonly parent?: ParentRequest;
}

/**
 * Returns the timeout of a call that is made for a request: not more than what is left of the request's own.
 *
 * @throws KiteError `timeout` if nothing is left
 */
export function inheritedTimeout(timeout: number, { timeLeft }: ParentRequest, method: string): number {
  if (timeLeft === undefined) return timeout;
  if (timeLeft <= 0)
    throw new KiteError(
      'timeout',
      `"${method}" was not called: the deadline of its parent request has passed`,
    );
  return timeout > 0 ? Math.min(timeout, timeLeft) : timeLeft;
}

/** Returns the field with the remaining time of a call. Empty if it has no deadline. */
export function deadlineField(timeout: number): string {
  return timeout > 0 && timeout <= MAX_DEADLINE ? `,"deadline":${timeout}` : '';
}

/** Reads the remaining time in a call of a peer. Undefined if the call has none, or if the peer has sent something else. */
export function readDeadline(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value <= MAX_DEADLINE ? value : undefined;
}

/**
 * Returns the fields for the trace and the metadata of a call, without those that the peer is known not to read.
 *
 * @throws KiteError `argumentError` if a value is invalid
 */
export function optionFields(
  options: FieldOptions,
  negotiation: Pick<Negotiation, 'mayRead'>,
  limits: MetadataLimits,
): string {
  const { parent, trace = parent?.trace } = options;
  let fields = '';
  if (trace) {
    const checked = checkedTrace(trace);
    if (negotiation.mayRead('trace')) fields += fieldsOf(checked);
  }
  const own = options.metadata && checkedMetadata(options.metadata, limits);
  const metadata = checkedMetadata({ ...parent?.metadata, ...own }, limits);
  if (Object.keys(metadata).length > 0 && negotiation.mayRead('metadata')) fields += fieldsOf({ metadata });
  return fields;
}

/** Returns the fields of an object, to be appended to others. */
function fieldsOf(values: object): string {
  return `,${JSON.stringify(values).slice(1, -1)}`;
}

/** Calls `abort` when one of the signals aborts. Returns a function that stops this. */
export function onAbort(
  own: AbortSignal | undefined,
  parent: ParentRequest | undefined,
  abort: (reason: unknown) => void,
): () => void {
  const listener = (): void => abort(own?.aborted ? abortedError(own.reason) : parent?.signal.reason);
  own?.addEventListener('abort', listener);
  const unlisten = parent?.onAbort(listener);
  return () => {
    own?.removeEventListener('abort', listener);
    unlisten?.();
  };
}
