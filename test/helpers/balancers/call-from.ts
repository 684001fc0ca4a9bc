import { WebSocket } from 'ws';
import { testIdentity } from '../kite/keys.js';

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly type?: string; readonly message?: string } | null;
}

/** Calls a method over a raw WebSocket from an address of this machine, such as 127.0.0.2, with these headers. */
export function callFrom(
  localAddress: string,
  { url, method, args }: { readonly url: string; readonly method: string; readonly args: readonly unknown[] },
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/websocket`, { localAddress, headers });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      const envelope = { kite: testIdentity({}), withArgs: args, responseCallback: '[Function]' };
      const callbacks = { 0: [0, 'responseCallback'] };
      socket.send(JSON.stringify({ method, arguments: [envelope], callbacks, links: [] }));
    });
    socket.on('message', (data: Buffer) => {
      socket.close();
      const { arguments: [answer] = [] } = JSON.parse(data.toString()) as { arguments?: Answer[] };
      socket.on('close', () => resolve(answer ?? {}));
    });
  });
}
