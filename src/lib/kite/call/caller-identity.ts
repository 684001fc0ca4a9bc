/** The authenticated caller of a method. */
export interface CallerIdentity {
  readonly username: string;
  /**
   * What is known about the caller: the claims of its kite key or token, whose signature has been verified, or those that the
   * check of the program has returned.
   */
  readonly claims: Readonly<Record<string, unknown>>;
}

export const NO_CLAIMS: CallerIdentity['claims'] = Object.freeze({});
