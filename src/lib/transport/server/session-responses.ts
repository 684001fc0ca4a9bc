import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { JAVASCRIPT, NOT_CACHED } from './respond.js';

/** A streaming response ends after this many bytes, so that a browser can forget what it has read. */
const STREAM_BYTES = 128 * 1024;
// Some browsers show nothing of a response before they have 2 KiB of it.
const STREAM_PRELUDE = `${'h'.repeat(2048)}\n`;

/** A response on which frames leave a session. */
export interface SessionResponse {
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
  watch(watcher: ResponseWatcher): void;
}

export interface ResponseWatcher {
  drained(reply: SessionResponse): void;
  over(reply: SessionResponse, interrupted: boolean): void;
}

abstract class HttpResponse {
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

  watch(this: SessionResponse & HttpResponse, watcher: ResponseWatcher): void {
    this.res.on('close', () => watcher.over(this, !this.res.writableFinished));
    if (this.streaming) this.res.on('drain', () => watcher.drained(this));
  }
}

/** `xhr`: one frame, then the client asks again. */
export class PollingResponse extends HttpResponse implements SessionResponse {
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

abstract class StreamResponse extends HttpResponse {
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
export class StreamingResponse extends StreamResponse implements SessionResponse {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, JAVASCRIPT, STREAM_PRELUDE);
  }

  write(frame: string, taken?: () => void): void {
    this.stream(`${frame}\n`, taken);
  }
}

/** `eventsource`: a frame an event. Frames hold no line breaks: JSON escapes them. */
export class EventSourceResponse extends StreamResponse implements SessionResponse {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, 'text/event-stream', '\r\n');
  }

  write(frame: string, taken?: () => void): void {
    this.stream(`data: ${frame}\r\n\r\n`, taken);
  }
}

export function makeSessionResponse(
  transport: 'xhr' | 'xhr_streaming' | 'eventsource',
  res: ServerResponse,
  headers: OutgoingHttpHeaders,
): SessionResponse {
  switch (transport) {
    case 'xhr':
      return new PollingResponse(res, headers);
    case 'xhr_streaming':
      return new StreamingResponse(res, headers);
    default:
      return new EventSourceResponse(res, headers);
  }
}
