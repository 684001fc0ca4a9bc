import { toError } from '../../util/message-of.js';
import type { PostRequest, PostResult, Post } from '../xhr/post.js';
import type { PagePlatform, PageResponse } from './page-platform.js';
import { toHttp } from '../../util/web-url.js';

/** Sends the requests of an XHR session with `fetch`. */
export class FetchPost implements Post {
  readonly #platform: PagePlatform;
  readonly #origin: string;
  readonly #limit: number;

  /** `limit`: maximum size of a response, in bytes. */
  constructor(platform: PagePlatform, base: URL, limit: number) {
    this.#platform = platform;
    this.#origin = `${toHttp(base.protocol)}//${base.host}`;
    this.#limit = limit;
  }

  post(path: string, body: string, _sending: boolean, done: (result: PostResult) => void): PostRequest {
    const controller = new AbortController();
    let aborted = false;
    const finish = (result: PostResult): void => {
      if (!aborted) done(result);
    };
    this.#fetch(path, body, controller).then(finish, (error: unknown) => finish(toError(error)));
    return {
      abort() {
        aborted = true;
        controller.abort();
      },
    };
  }

  close(): void {
    // The browser manages the connections.
  }

  async #fetch(path: string, body: string, controller: AbortController): Promise<PostResult> {
    const response = await this.#platform.fetch(this.#origin + path, {
      method: 'POST',
      body,
      // A content type that does not need a preflight request.
      headers: { 'content-type': 'text/plain' },
      // Load balancers use a cookie to route a session to one server.
      credentials: 'include',
      // A message can contain credentials.
      redirect: 'error',
      signal: controller.signal,
    });
    const text = await readText(response, this.#limit);
    if (text === undefined) {
      controller.abort();
      return 'tooLarge';
    }
    return { status: response.status, text, remoteAddress: this.#origin };
  }
}

/** Returns the body of a response. Returns undefined if it exceeds the limit. */
async function readText({ body }: PageResponse, limit: number): Promise<string | undefined> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return text + decoder.decode();
    bytes += chunk.value?.length ?? 0;
    if (bytes > limit) return undefined;
    text += decoder.decode(chunk.value, { stream: true });
  }
}
