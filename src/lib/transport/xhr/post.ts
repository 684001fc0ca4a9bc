/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly remoteAddress: string;
}

/** What a request ends in. `tooLarge`: the answer is above the limit. */
export type Outcome = Answer | 'tooLarge' | Error;

export interface Aborter {
  /** Gives up. Nothing is reported any more. */
  abort(): void;
}

/** What carries an XHR session: requests, of which one listens and one speaks at a time. */
export interface Post {
  /** Posts `body` to `path`. `done` is called once, never before this returns. */
  post(path: string, body: string, speaking: boolean, done: (outcome: Outcome) => void): Aborter;
  /** Nothing more is posted. */
  close(): void;
}
