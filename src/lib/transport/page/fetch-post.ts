import type { Aborter, Outcome, Post } from '../xhr/post.js';
import type { PagePlatform, PageResponse } from './page-platform.js';

/** The requests of an XHR session, by `fetch`. */
export class FetchPost implements Post {
  readonly #platform: PagePlatform;
  readonly #origin: string;
  readonly #limit: number;

  /** `limit`: bytes of an answer that are read. */
  constructor(platform: PagePlatform, base: URL, limit: number) {
    this.#platform = platform;
    this.#origin = `${base.protocol.replace('ws', 'http')}//${base.host}`;
    this.#limit = limit;
  }

  post(path: string, body: string, _speaking: boolean, done: (outcome: Outcome) => void): Aborter {
    const controller = new AbortController();
    let over = false;
    const finish = (outcome: Outcome): void => {
      if (!over) done(outcome);
    };
    this.#answer(path, body, controller).then(finish, (error: unknown) =>
      finish(error instanceof Error ? error : new Error(String(error))),
    );
    return {
      abort() {
        over = true;
        controller.abort();
      },
    };
  }

  close(): void {
    // The browser keeps the connections, and shares them with the rest of the page.
  }

  async #answer(path: string, body: string, controller: AbortController): Promise<Outcome> {
    const response = await this.#platform.fetch(this.#origin + path, {
      method: 'POST',
      body,
      // One of the types for which a browser asks no permission first.
      headers: { 'content-type': 'text/plain' },
      // Balancers keep a session on one server by a cookie.
      credentials: 'include',
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

/** The body of an answer; undefined where it is above the limit. */
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
