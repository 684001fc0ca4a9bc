import { codedError, KiteError } from '../../protocol/errors.js';
import { record } from '../../util/record.js';
import type { KeyRing } from '../tokens/key-ring.js';
import type { SignInCodes } from './sign-in-codes.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenTarget, TokenIssuer } from '../tokens/token-issuer.js';

/** The identity and credential of a page that has signed in. */
export interface SignInResult {
  readonly username: string;
  /** A token for calling Kontrol: unlike a kite key, it finds kites and gets tokens but cannot register kites. */
  readonly token: string;
}

export interface SignInOptions {
  readonly codes: SignInCodes;
  readonly tokens: TokenIssuer;
  readonly keyRing: KeyRing;
  /** Returns the registry entry of Kontrol's own kite, or undefined before Kontrol has registered it. */
  readonly selfEntry: () => TokenTarget | undefined;
}

/** Signs in pages as a user, so that the user's kite key stays outside the browser. */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Implements `signInCode()`: returns a code for the caller, and its lifetime in milliseconds. */
  newCode(caller: Caller): { readonly code: string; readonly ttl: number } {
    const { codes } = this.#options;
    return { code: codes.issue(caller), ttl: codes.ttl };
  }

  /** Implements `signIn({code})`. */
  redeem(argument: unknown): SignInResult {
    const { code } = record(argument);
    const { codes, tokens, keyRing, selfEntry } = this.#options;
    const issuer = typeof code === 'string' ? codes.redeem(code) : undefined;
    if (issuer === undefined || keyRing.isRevoked(issuer)) {
      const message =
        'The link is invalid, already used, or expired. Create another with: kitectl kontrol ui';
      throw codedError('authenticationError', 'signInCode', message);
    }
    const target = selfEntry();
    const { username, kiteKeyId, issuedAt } = issuer;
    const sessionEnd = Math.min(issuer.sessionEnd, tokens.newSessionEnd());
    const caller: Caller = { type: 'session', username, kiteKeyId, issuedAt, sessionEnd };
    const token = target && tokens.issue(caller, target);
    if (token === undefined) throw new KiteError('genericError', 'Kontrol is not ready yet; try again');
    return { username, token };
  }
}
