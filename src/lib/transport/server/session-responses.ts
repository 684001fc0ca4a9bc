import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { JAVASCRIPT, NOT_CACHED } from './respond.js';

/** A streaming response ends after this many bytes, so that a browser can forget what it has read. */
const STREAM_BYTES = 128 * 1024;
// Some browsers show nothing of a response before they have 2 KiB of it.
const STREAM_PRELUDE = `${'h'.repeat(2048)}\n`;

/** A response on which frames leave a session. */
export interface Reply {
  /** Bytes written that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Whether the response has to be ended, and the client to ask again. */
  readonly full: boolean;
  /** Whether to wait for `drained` before the next frame. */
  readonly congested: boolean;
  /** Whether more than one frame fits. */
  readonly streaming: boolean;
  /** `taken` is called once the network has taken the frame, if the response goes on. */
  write(frame: string, taken?: () => void): void;
  end(): void;
  /** Hangs up, whatever is still on its way. */
  abort(): void;
  /** Who learns that the response is over: `interrupted` when it did not get through. */
  watch(watcher: ReplyWatcher): void;
}

export interface ReplyWatcher {
  drained(reply: Reply): void;
  over(reply: Reply, interrupted: boolean): void;
}

abstract class HttpReply {
  protected readonly res: ServerResponse;
  protected readonly headers: OutgoingHttpHeaders;

  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    this.res = res;
    this.headers = headers;
  }

  get bufferedBytes(): number {
    return this.res.writableLength;
  }

  abort(): void {
    this.res.destroy();
  }

  watch(this: Reply & HttpReply, watcher: ReplyWatcher): void {
    this.res.on('close', () => watcher.over(this, !this.res.writableFinished));
    if (this.streaming) this.res.on('drain', () => watcher.drained(this));
  }
}

/** `xhr`: one frame, then the client asks again. */
export class PollingReply extends HttpReply implements Reply {
  readonly streaming = false;
  readonly congested = false;
  #full = false;

  get full(): boolean {
    return this.#full;
  }

  write(frame: string): void {
    this.#full = true;
    const body = `${frame}\n`;
    this.res.writeHead(200, {
      'content-type': JAVASCRIPT,
      'cache-control': NOT_CACHED,
      ...this.headers,
      'content-length': Buffer.byteLength(body),
    });
    this.res.end(body);
  }

  end(): void {
    if (!this.#full) this.res.destroy();
  }
}

abstract class StreamReply extends HttpReply {
  readonly streaming = true;
  #written = 0;

  constructor(res: ServerResponse, headers: OutgoingHttpHeaders, contentType: string, prelude: string) {
    super(res, headers);
    res.writeHead(200, { 'content-type': contentType, 'cache-control': NOT_CACHED, ...headers });
    res.write(prelude);
  }

  get full(): boolean {
    return this.#written >= STREAM_BYTES;
  }

  get congested(): boolean {
    return this.res.writableNeedDrain;
  }

  protected stream(text: string, taken?: () => void): void {
    this.#written += Buffer.byteLength(text);
    this.res.write(text, taken);
  }

  end(): void {
    this.res.end();
  }
}

/** `xhr_streaming`: a frame a line. */
export class StreamingReply extends StreamReply implements Reply {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, JAVASCRIPT, STREAM_PRELUDE);
  }

  write(frame: string, taken?: () => void): void {
    this.stream(`${frame}\n`, taken);
  }
}

/** `eventsource`: a frame an event. Frames hold no line breaks: JSON escapes them. */
export class EventSourceReply extends StreamReply implements Reply {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, 'text/event-stream', '\r\n');
  }

  write(frame: string, taken?: () => void): void {
    this.stream(`data: ${frame}\r\n\r\n`, taken);
  }
}

export function makeReply(
  transport: 'xhr' | 'xhr_streaming' | 'eventsource',
  res: ServerResponse,
  headers: OutgoingHttpHeaders,
): Reply {
  switch (transport) {
    case 'xhr':
      return new PollingReply(res, headers);
    case 'xhr_streaming':
      return new StreamingReply(res, headers);
    default:
      return new EventSourceReply(res, headers);
  }
}
