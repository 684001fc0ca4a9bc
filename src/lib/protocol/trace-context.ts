import { KiteError } from './errors.js';
import { QUOTED_LENGTH, TRACEPARENT_LENGTH, TRACESTATE_LENGTH } from './protocol-limits.js';

/** The trace to which a call belongs, in the fields of W3C Trace Context. */
export interface TraceContext {
  /** Such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. */
  readonly traceparent: string;
  /** What tracing systems add, such as `congo=t61rcWkgMzE`. */
  readonly tracestate?: string | undefined;
}

// Later versions may append fields. An id of zeros is invalid, and so is the version ff.
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?$/;
const FIRST_VERSION = /^00-[0-9a-f-]{52}$/;
const TRACESTATE = /^[\x20-\x7e]*$/;

/** Reads the trace in a call of a peer. Ignores a part that is invalid, as W3C Trace Context requires. */
export function parseTrace(traceparent: unknown, tracestate: unknown): TraceContext | undefined {
  if (!isTraceparent(traceparent)) return undefined;
  return isTracestate(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/**
 * Returns the trace of a program.
 *
 * @throws KiteError `argumentError` that names the invalid field
 */
export function checkedTrace({ traceparent, tracestate }: TraceContext): TraceContext {
  if (!isTraceparent(traceparent)) throw invalid('traceparent', traceparent);
  if (tracestate !== undefined && !isTracestate(tracestate)) throw invalid('tracestate', tracestate);
  return { traceparent, tracestate };
}

function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > TRACEPARENT_LENGTH || !TRACEPARENT.test(value))
    return false;
  return !value.startsWith('00') || FIRST_VERSION.test(value);
}

function isTracestate(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && value.length <= TRACESTATE_LENGTH && TRACESTATE.test(value)
  );
}

function invalid(field: string, value: unknown): KiteError {
  const shown = JSON.stringify(value)?.slice(0, QUOTED_LENGTH) ?? 'undefined';
  return new KiteError(
    'argumentError',
    `The ${field} of the call is not that of W3C Trace Context: ${shown}`,
  );
}
