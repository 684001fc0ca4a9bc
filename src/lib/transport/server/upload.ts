import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { decodeClientFrame, type ClientFrame } from '../sockjs/frames.js';
import { decodeLines, LINES_START } from '../sockjs/lines.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { NOT_CACHED, respond, respondText } from './respond.js';

/** One `xhr_send` request. */
export interface Upload {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly headers: OutgoingHttpHeaders;
}

/** A body that exceeds the limit. */
export interface LargeBody {
  readonly type: 'tooLarge';
  /** Its announced size, or the size of the part that has arrived. */
  readonly bytes: number;
}

export type UploadBody = Buffer | LargeBody | 'aborted';

export interface BodyReader {
  /** Called with the memory that the body takes, in bytes. */
  hold(bytes: number): void;
  /** Called once. */
  done(body: UploadBody): void;
}

// Memory that a chunk takes in addition to its bytes.
const CHUNK_COST = 256;

/** Reads the body of a request, at most `limit` bytes. Returns a function that stops reading and discards what was read. */
export function readBody(req: IncomingMessage, limit: number, reader: BodyReader): () => void {
  const announced = Number(req.headers['content-length']);
  if (announced > limit) {
    reader.done({ type: 'tooLarge', bytes: announced });
    return ignore;
  }
  let chunks: Buffer[] = [];
  let length = 0;
  let finished = false;
  const stop = (): void => {
    finished = true;
    req.removeListener('data', onData);
    chunks = [];
  };
  const finish = (body: UploadBody): void => {
    if (finished) return;
    stop();
    reader.done(body);
  };
  const guarded = guardListeners(() => finish('aborted'));
  const onData = guarded((chunk: Buffer): void => {
    length += chunk.length;
    if (length > limit) {
      finish({ type: 'tooLarge', bytes: length });
      return;
    }
    chunks.push(chunk);
    reader.hold(length + CHUNK_COST * chunks.length);
  });
  req.on('data', onData);
  req.on(
    'end',
    guarded(() => finish(finished ? 'aborted' : Buffer.concat(chunks, length))),
  );
  req.on(
    'close',
    guarded(() => finish('aborted')),
  );
  return stop;
}

function ignore(): void {
  // Nothing is read.
}

/**
 * Decodes the body of a request, with lines if the session supports them. Returns a message of the SockJS protocol if it is
 * invalid.
 */
export function decodeBody(body: Buffer, messageBytes: number, lines: boolean): ClientFrame | string {
  if (body.length === 0) return 'Payload expected.';
  if (!isUtf8(body)) return INVALID_BODY;
  const text = body.toString();
  const hasLines = lines && text.startsWith(LINES_START);
  const frame = hasLines ? decodeLines(text, messageBytes) : decodeClientFrame(text, messageBytes);
  return frame.type === 'violation' && frame.code !== 1009 ? INVALID_BODY : frame;
}

const INVALID_BODY = 'Broken JSON encoding.';

/** Responds to an accepted request. */
export function acceptUpload({ res, headers }: Upload): void {
  if (res.destroyed) return;
  res.writeHead(204, {
    'content-type': 'text/plain; charset=UTF-8',
    'cache-control': NOT_CACHED,
    ...headers,
  });
  res.end();
}

/** Responds to a refused request. */
export function refuseUpload({ res, headers }: Upload, status: number, text: string): void {
  respondText(res, status, headers, text);
}

/** Responds to a body that is too long, and closes the connection so that the rest is not read. */
export function refuseLargeUpload({ res, headers }: Upload, text: string): void {
  respond(res, 413, { 'content-type': 'text/plain; charset=UTF-8', connection: 'close', ...headers }, text);
}
