import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Inbox } from './sockjs.js';

/** A client that sees the WebSocket messages as they are. Closed when the test ends. */
export async function openFrames(url: string): Promise<{ readonly ws: WebSocket; readonly frames: Inbox }> {
  const ws = new WebSocket(url.replace(/^http/, 'ws'));
  const frames = new Inbox();
  ws.on('message', (data: Buffer, isBinary) => {
    frames.message(isBinary ? data.toString('base64') : data.toString());
  });
  ws.on('close', (code, reason) => frames.close(code, reason.toString()));
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  return { ws, frames };
}
