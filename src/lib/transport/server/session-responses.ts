import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { guardListeners } from '../../util/guard-listeners.js';
import { JAVASCRIPT, NOT_CACHED } from './respond.js';

/** Size in bytes after which a streaming response ends, so that the browser can free its memory. */
const STREAM_BYTES = 128 * 1024;
// Some browsers do not report the first 2 KiB of a response before they have received all of them.
const STREAM_PRELUDE = `${'h'.repeat(2048)}\n`;

/** An HTTP response on which a session sends frames. */
export interface SessionResponse {
  /** Number of bytes that the network has not accepted yet. */
  readonly bufferedBytes: number;
  /** Whether the response must end, so that the client sends another request. */
  readonly full: boolean;
  /** Whether to wait for `responseDrained` before the next frame. */
  readonly congested: boolean;
  /** Whether the response can carry more than one frame. */
  readonly streaming: boolean;
  /** Sends a frame. `written` is called when the network has accepted it, if the response is streaming. */
  write(frame: string, written?: () => void): void;
  end(): void;
  /** Closes the connection, and discards data that has not been sent. */
  abort(): void;
  /** Sets the watcher that is notified when the response drains and ends. */
  watch(watcher: ResponseWatcher): void;
}

export interface ResponseWatcher {
  responseDrained(response: SessionResponse): void;
  /** `interrupted`: whether the connection was closed before the whole response was sent. */
  responseEnded(response: SessionResponse, interrupted: boolean): void;
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
    const guarded = guardListeners(() => this.abort());
    const onClose = guarded(() => watcher.responseEnded(this, !this.res.writableFinished));
    this.res.on('close', onClose);
    if (!this.streaming) return;
    const onDrain = guarded(() => watcher.responseDrained(this));
    this.res.on('drain', onDrain);
  }
}

/** `xhr`: one frame per response. */
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
  #writtenBytes = 0;

  constructor(res: ServerResponse, headers: OutgoingHttpHeaders, contentType: string, prelude: string) {
    super(res, headers);
    res.writeHead(200, {
      'content-type': contentType,
      'cache-control': NOT_CACHED,
      // nginx would collect frames in a buffer before it sends them.
      'x-accel-buffering': 'no',
      ...headers,
    });
    res.write(prelude);
  }

  get full(): boolean {
    return this.#writtenBytes >= STREAM_BYTES;
  }

  get congested(): boolean {
    return this.res.writableNeedDrain;
  }

  protected stream(text: string, written?: () => void): void {
    this.#writtenBytes += Buffer.byteLength(text);
    this.res.write(text, written);
  }

  end(): void {
    this.res.end();
  }
}

/** `xhr_streaming`: one frame per line. */
export class StreamingResponse extends StreamResponse implements SessionResponse {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, JAVASCRIPT, STREAM_PRELUDE);
  }

  write(frame: string, written?: () => void): void {
    this.stream(`${frame}\n`, written);
  }
}

/** `eventsource`: one frame per event. Only frames of lines contain line breaks, and each line is a field of its own. */
export class EventSourceResponse extends StreamResponse implements SessionResponse {
  constructor(res: ServerResponse, headers: OutgoingHttpHeaders) {
    super(res, headers, 'text/event-stream', '\r\n');
  }

  write(frame: string, written?: () => void): void {
    this.stream(`data: ${frame.replaceAll('\n', '\ndata: ')}\r\n\r\n`, written);
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
