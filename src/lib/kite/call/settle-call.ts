import { fromWireError } from '../../protocol/errors.js';
import type { DnodeMessage } from '../../dnode/dnode-message.js';
import { isThenable } from '../../util/is-thenable.js';
import { invalidResponse } from './call-errors.js';
import type { PendingCall } from './pending-calls.js';

/** Settles a call with the message that calls its response callback. */
export function settleCall(call: PendingCall, { args, problem }: DnodeMessage): void {
  const response = readResponse(args);
  if (!response) call.reject(invalidResponse());
  else if ((response.error ?? null) !== null) call.reject(fromWireError(response.error));
  else if (problem) call.reject(problem);
  // A promise would wait for such a result forever, and call a function of the peer.
  else if (isThenable(response.result)) call.reject(invalidResponse());
  else call.resolve(response.result);
}

/** Kites respond with one argument, `{error, result}`; clients of `kite.js` respond with two. */
function readResponse(args: readonly unknown[]): { error?: unknown; result?: unknown } | undefined {
  const [first, second = null] = args;
  if (args.length > 1 || first === null) return { error: first, result: second };
  return typeof first === 'object' ? first : undefined;
}
