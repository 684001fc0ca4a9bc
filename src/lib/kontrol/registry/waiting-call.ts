import type { Connection } from '../../kite/call/connection.js';
import type { Request } from '../../kite/serve/request.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';

/**
 * Waits for the work of a call. A call that waits counts as several that run, so that `limits.callsPerConnection` pauses reading
 * from a caller with more waiting calls than `limits.waitingPerConnection`.
 */
export async function waitInTurn<Result>(
  client: Request['client'],
  work: Promise<Result>,
  { callsPerConnection, waitingPerConnection }: KontrolLimits,
): Promise<Result> {
  const { flow } = client as Connection;
  const weight = Math.max(0, Math.floor(callsPerConnection / Math.max(1, waitingPerConnection)) - 1);
  flow.running += weight;
  flow.update();
  try {
    return await work;
  } finally {
    flow.running -= weight;
    flow.update();
  }
}
