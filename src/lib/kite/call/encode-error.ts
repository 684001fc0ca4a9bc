import { kindOf } from '../../errors/branded-error.js';
import type { MessageJson } from '../../dnode/message-json.js';
import type { Scrubbed } from '../../dnode/scrub.js';
import { isKiteError, toWireError } from '../../protocol/errors.js';
import { ERROR_CAUSE_LENGTH, type ErrorLimits, QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/message-of.js';
import { exceedsBytes } from '../../util/utf8.js';
import type { Negotiation } from './negotiation.js';

/** The interface of a kite to the errors that it sends. */
export interface ErrorHost {
  readonly limits: ErrorLimits;
  readonly json: MessageJson;
  readonly logger: Pick<Logger, 'warn'>;
  /** The fields of errors that are not a KiteError which are sent as their data. */
  readonly errorFields?: readonly string[] | undefined;
}

/**
 * Returns an error as JSON. A peer that speaks the extension `errors` also gets its name, the message of its cause, and its data.
 * Never throws, and never contains a stack.
 */
export function encodeError(
  error: unknown,
  id: string,
  host: ErrorHost,
  negotiation: Pick<Negotiation, 'extensions' | 'valueSupport'>,
): Scrubbed {
  const wire = toWireError(error, id);
  const details = negotiation.extensions?.has('errors') ? detailsOf(error, host) : NONE;
  const json = JSON.stringify({ ...wire, ...details.strings });
  if (details.data === undefined) return { json, functions: undefined };
  try {
    const { errorDataDepth, errorDataBytes } = host.limits;
    const data = host.json.scrub(details.data, errorDataDepth, {
      name: 'data',
      support: negotiation.valueSupport,
    });
    if (data.functions) throw new Error('It contains a function');
    if (exceedsBytes(data.json, errorDataBytes - (data.attached?.base64Length ?? 0)))
      throw new Error(`It is larger than ${errorDataBytes} bytes (limits.errorDataBytes)`);
    return { ...data, json: `${json.slice(0, -1)},"data":${data.json}}` };
  } catch (reason) {
    host.logger.warn(`The data of an error cannot be sent: ${messageOf(reason)}`);
    return { json, functions: undefined };
  }
}

interface ErrorDetails {
  readonly strings?: { readonly name?: string; readonly cause?: string };
  readonly data?: unknown;
}

const NONE: ErrorDetails = {};

function detailsOf(error: unknown, { errorFields = [] }: ErrorHost): ErrorDetails {
  try {
    if (typeof error !== 'object' || error === null) return NONE;
    const isOwn = isKiteError(error);
    // Other errors of this project are internal.
    if (!isOwn && kindOf(error)) return NONE;
    const { name, cause, data } = error as Readonly<Record<string, unknown>>;
    const isInternal = kindOf(cause) && !isKiteError(cause);
    const reason = isInternal ? undefined : cause instanceof Error ? messageOf(cause) : cause;
    return {
      strings: {
        ...(typeof name === 'string' && !PLAIN_NAMES.has(name) && { name: name.slice(0, QUOTED_LENGTH) }),
        ...(typeof reason === 'string' && { cause: reason.slice(0, ERROR_CAUSE_LENGTH) }),
      },
      data: isOwn ? data : fieldsOf(error, errorFields),
    };
  } catch {
    // The properties of an error may throw when they are read.
    return NONE;
  }
}

/** The names that say nothing. */
const PLAIN_NAMES: ReadonlySet<string> = new Set(['', 'Error', 'KiteError']);

function fieldsOf(error: object, names: readonly string[]): object | undefined {
  const fields = names.flatMap((name) => {
    const value = (error as Readonly<Record<string, unknown>>)[name];
    return value === undefined || name === 'stack' ? [] : [[name, value] as const];
  });
  return fields.length > 0 ? Object.fromEntries(fields) : undefined;
}
