import { isThenable } from '../../util/is-thenable.js';
import { cancelStream, isStream } from '../../util/item-source.js';
import { ofHandler } from './call-errors.js';
import type { FlowControl } from './flow-control.js';
import type { AnsweredCall, Sender } from './sender.js';

/** Calls of functions have no id. */
const NO_REQUEST = { id: '' };

/** The side whose function the peer calls. */
export interface AnsweringSide {
  readonly sender: Sender;
  readonly flow: FlowControl;
  /** Default: the same error. */
  readonly shown?: ((error: unknown) => unknown) | undefined;
}

/**
 * Calls a function for the peer, and answers with what it returns. `failed` is also called with what it throws. `shown` returns
 * the error that the peer gets.
 */
export function answerCallback(
  fn: () => unknown,
  call: AnsweredCall,
  failed: (error: unknown) => void,
  { sender, flow, shown }: AnsweringSide,
): void {
  const respond = (result: unknown): void => {
    sender.respond(call, result, NO_REQUEST);
    if (isStream(result)) cancelStream(result, undefined);
  };
  const fail = (error: unknown): void => {
    failed(error);
    sender.respondError(call, ofHandler(shown ? shown(error) : error), '');
  };
  try {
    const result = fn();
    if (!isThenable(result)) {
      respond(result);
      return;
    }
    flow.began();
    Promise.resolve(result)
      .finally(() => flow.ended())
      .then(respond, fail);
  } catch (error) {
    fail(error);
  }
}
