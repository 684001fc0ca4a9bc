import { codedError, KiteError } from '../../protocol/errors.js';
import { record } from '../../util/record.js';
import type { SignInCodes } from './sign-in-codes.js';
import type { TokenTarget, TokenIssuer } from '../tokens/token-issuer.js';

/** What a page that has signed in goes by. */
export interface SignedIn {
  readonly username: string;
  /** For calling Kontrol itself: finds kites and gets tokens, and registers nothing, unlike a kite key. */
  readonly token: string;
}

export interface SignInOptions {
  readonly codes: SignInCodes;
  readonly tokens: TokenIssuer;
  /** Kontrol's own kite. Undefined while it is not registered. */
  readonly self: () => TokenTarget | undefined;
}

/** Lets a page act for a user without that user's kite key in it. */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** `signInCode()`: a code for the caller, and the milliseconds that it is good for. */
  newCode(username: string): { readonly code: string; readonly ttl: number } {
    const { codes } = this.#options;
    return { code: codes.issue(username), ttl: codes.ttl };
  }

  /** `signIn({code})` */
  redeem(argument: unknown): SignedIn {
    const { code } = record(argument);
    const { codes, tokens, self } = this.#options;
    const username = typeof code === 'string' ? codes.redeem(code) : undefined;
    if (username === undefined) {
      const message = 'The link is invalid, already used, or expired. Get another with: kitectl kontrol ui';
      throw codedError('authenticationError', 'signInCode', message);
    }
    const target = self();
    const token = target && tokens.issue(username, target);
    if (token === undefined) throw new KiteError('genericError', 'Kontrol is not ready yet; try again');
    return { username, token };
  }
}
