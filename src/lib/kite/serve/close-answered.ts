import type { Connection } from '../call/connection.js';
import { type RunningCalls, whenIdle } from '../call/when-idle.js';
import {
  ALL_ANSWERED_REASON,
  GO_AWAY_CODE,
  GO_AWAY_REASON,
  RESTART_CODE,
} from '../../transport/channel/close-code.js';

/**
 * Closes each accepted connection of a kite that takes no more calls when its calls are answered. Resolves when these calls, and
 * those on the connections that the kite has opened, are answered.
 */
export async function closeAnswered(
  accepted: Iterable<Connection>,
  dialed: readonly RunningCalls[],
): Promise<void> {
  const answered = dialed.map((calls) => whenIdle(calls));
  for (const connection of accepted) answered.push(whenIdle(connection.flow).then(() => close(connection)));
  await Promise.all(answered);
}

function close(connection: Connection): void {
  // Peers that are known not to speak the extension get the code that they know.
  if (connection.extensions?.has('draining') ?? true) connection.close(RESTART_CODE, ALL_ANSWERED_REASON);
  else connection.close(GO_AWAY_CODE, GO_AWAY_REASON);
}
