import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { decodeClientFrame, type ClientFrame } from '../sockjs/frames.js';
import { NOT_CACHED, respond, respondText } from './respond.js';

/** One `xhr_send` request. */
export interface Upload {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly headers: OutgoingHttpHeaders;
}

export type Body = Buffer | 'tooLarge' | 'aborted';

/** Reads a request's body of at most `limit` bytes. `done` is called once. */
export function readBody(req: IncomingMessage, limit: number, done: (body: Body) => void): void {
  if (Number(req.headers['content-length']) > limit) {
    done('tooLarge');
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  let over = false;
  const finish = (body: Body): void => {
    if (over) return;
    over = true;
    req.removeListener('data', onData);
    done(body);
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > limit) finish('tooLarge');
    else chunks.push(chunk);
  };
  req.on('data', onData);
  req.on('end', () => finish(Buffer.concat(chunks, length)));
  req.on('close', () => finish('aborted'));
}

/** What a request's body says, or the sentence with which the protocol text answers one that is wrong. */
export function decodeBody(body: Buffer, messageBytes: number): ClientFrame | string {
  if (body.length === 0) return 'Payload expected.';
  if (!isUtf8(body)) return BROKEN;
  const frame = decodeClientFrame(body.toString(), messageBytes);
  return frame.type === 'violation' && frame.code !== 1009 ? BROKEN : frame;
}

const BROKEN = 'Broken JSON encoding.';

export function uploadTaken({ res, headers }: Upload): void {
  if (res.destroyed) return;
  res.writeHead(204, {
    'content-type': 'text/plain; charset=UTF-8',
    'cache-control': NOT_CACHED,
    ...headers,
  });
  res.end();
}

export function uploadRefused({ res, headers }: Upload, status: number, text: string): void {
  respondText(res, status, { 'cache-control': NOT_CACHED, ...headers }, text);
}

/** Answers a body that is too long and hangs up, so that the rest of it is not read. */
export function uploadTooLarge({ res, headers }: Upload, text: string): void {
  respond(res, 413, { 'content-type': 'text/plain; charset=UTF-8', connection: 'close', ...headers }, text);
}
