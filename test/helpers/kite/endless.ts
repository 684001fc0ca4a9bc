import { expect } from 'vitest';
import type { Request } from '../../../src/lib/index.js';
import type { Client } from '../../../src/lib/kite/call/client.js';
import { type makeCore, settled } from './cores.js';

/** Adds the method `endless`, which runs until its signal aborts. Returns its requests. */
export function endless(server: ReturnType<typeof makeCore>): Request[] {
  const requests: Request[] = [];
  server.handle('endless', (request) => {
    requests.push(request);
    return new Promise((_resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
    });
  });
  return requests;
}

/** Resolves when the signal of a request aborts. */
export function untilAborted({ signal }: Pick<Request, 'signal'>): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
}

/** Returns the number of running calls of each connection that the kites have accepted. */
export function running(...servers: ReturnType<typeof makeCore>[]): number[] {
  return servers.flatMap((server) => [...server.accepted].map(({ flow }) => flow.running));
}

/** Calls a method, and aborts the call once it has arrived. Resolves when both ends know. */
export async function callAndAbort(client: Client, method: string): Promise<void> {
  const controller = new AbortController();
  const rejected = expect(client.call(method, [], { signal: controller.signal })).rejects.toThrow('aborted');
  await settled();
  controller.abort();
  await rejected;
  await settled();
}
