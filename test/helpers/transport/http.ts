import { once } from 'node:events';
import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Makes a request on a separate connection and reads the whole response. */
export async function request(method: string, url: string, options: RequestOptions = {}): Promise<Answer> {
  const stream = await openRequest(method, url, options);
  return { status: stream.status, headers: stream.headers, body: await stream.rest() };
}

/** A response that is read in chunks as they arrive. */
export interface AnswerStream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The next `length` characters. */
  read(length: number): Promise<string>;
  /** Everything up to the end. */
  rest(): Promise<string>;
  /** Closes the connection. */
  abort(): void;
}

export async function openRequest(
  method: string,
  url: string,
  options: RequestOptions = {},
): Promise<AnswerStream> {
  const req = http.request(url, { method, headers: options.headers ?? {}, agent: false });
  req.end(options.body);
  const [response] = (await once(req, 'response')) as [http.IncomingMessage];
  response.setEncoding('utf8');
  // An error after `abort` does not fail the test.
  response.on('error', () => {});
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  let text = '';
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (!done) text += value;
    return !done;
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    async read(length) {
      while (text.length < length && (await more()));
      const piece = text.slice(0, length);
      text = text.slice(length);
      return piece;
    },
    async rest() {
      while (await more());
      return text;
    },
    abort() {
      req.destroy();
    },
  };
}
