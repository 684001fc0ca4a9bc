/** The response to a request. */
export interface PostResponse {
  readonly status: number;
  readonly text: string;
  readonly remoteAddress: string;
}

/** The result of a request. `tooLarge`: the response exceeds the limit. */
export type PostResult = PostResponse | 'tooLarge' | Error;

/** A request in progress. */
export interface PostRequest {
  /** Aborts the request. `done` is not called afterwards. */
  abort(): void;
}

/** The HTTP client of an XHR session. At most one request polls and at most one sends at a time. */
export interface Post {
  /**
   * Posts `body` to `path`. `done` is called once, and never before `post` returns. `sending`: whether the request sends, or
   * polls.
   */
  post(path: string, body: string, sending: boolean, done: (result: PostResult) => void): PostRequest;
  /** Closes the connections. */
  close(): void;
}
