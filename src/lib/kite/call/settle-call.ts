import { fromWireError } from '../../protocol/errors.js';
import { invalidResponse } from './call-errors.js';
import type { PendingCall } from './pending-calls.js';

/** Settles a call with the arguments of its response callback. */
export function settleCall(call: PendingCall, args: readonly unknown[]): void {
  const response = readResponse(args);
  if (!response) call.reject(invalidResponse());
  else if (response.error === null || response.error === undefined) call.resolve(response.result);
  else call.reject(fromWireError(response.error));
}

/** Kites respond with one argument, `{error, result}`; clients of `kite.js` respond with two. */
function readResponse(args: readonly unknown[]): { error?: unknown; result?: unknown } | undefined {
  const [first, second = null] = args;
  if (args.length > 1 || first === null) return { error: first, result: second };
  return typeof first === 'object' ? first : undefined;
}
