import { KiteError } from './errors.js';
import { TRACEPARENT_LENGTH, TRACESTATE_LENGTH } from './protocol-limits.js';

/** The trace to which a call belongs, in the fields of W3C Trace Context. */
export interface TraceContext {
  /** Such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. */
  readonly traceparent: string;
  /** What tracing systems add, such as `congo=t61rcWkgMzE`. */
  readonly tracestate?: string | undefined;
}

// Only later versions than 00 may append fields. An id of zeros is invalid, and so is the version ff.
const TRACEPARENT =
  /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[!-~]*)?$/;
const TRACESTATE = /^[ -~]+$/;

/** Reads the trace in a call of a peer. Ignores a part that is invalid, as W3C Trace Context requires. */
export function parseTrace(traceparent: unknown, tracestate: unknown): TraceContext | undefined {
  if (!matches(traceparent, TRACEPARENT, TRACEPARENT_LENGTH)) return undefined;
  return matches(tracestate, TRACESTATE, TRACESTATE_LENGTH) ? { traceparent, tracestate } : { traceparent };
}

function matches(value: unknown, pattern: RegExp, length: number): value is string {
  return typeof value === 'string' && value.length <= length && pattern.test(value);
}

/**
 * Returns the trace of a program.
 *
 * @throws KiteError `argumentError` if a field is invalid
 */
export function checkedTrace({ traceparent, tracestate }: TraceContext): TraceContext {
  const trace = parseTrace(traceparent, tracestate);
  if (trace?.tracestate === tracestate && trace) return trace;
  const field = trace ? `tracestate ${tracestate ?? ''}` : `traceparent ${traceparent}`;
  throw new KiteError('argumentError', `The trace of the call is not one of W3C Trace Context: ${field}`);
}
