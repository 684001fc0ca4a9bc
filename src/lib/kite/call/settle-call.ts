import { fromWireError } from '../../protocol/errors.js';
import { invalidResponse } from './call-errors.js';
import type { PendingCall } from './pending-calls.js';

/** Ends a call with what the peer called back with. */
export function settleCall(call: PendingCall, args: readonly unknown[]): void {
  const answer = readAnswer(args);
  if (!answer) call.reject(invalidResponse());
  else if (answer.error === null || answer.error === undefined) call.resolve(answer.result);
  else call.reject(fromWireError(answer.error));
}

/** `{error, result}` as kites answer, or the two one after the other, as clients of `kite.js` do. */
function readAnswer(args: readonly unknown[]): { error?: unknown; result?: unknown } | undefined {
  const [first, second = null] = args;
  if (args.length > 1 || first === null) return { error: first, result: second };
  return typeof first === 'object' ? first : undefined;
}
