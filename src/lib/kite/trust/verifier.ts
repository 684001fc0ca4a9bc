import type { KeyObject } from 'node:crypto';
import { decodeJwt, isJwtError, JwtError, verifyJwt } from '../../keys/jwt.js';
import { textClaim } from '../../keys/jwt-claims.js';
import { type KiteKey, kiteKeyOf } from '../../keys/kite-key.js';
import { parsePublicKey } from '../../keys/pem.js';
import { audienceIncludes, TOKEN_LEEWAY, tokenOf } from '../../keys/kite-token.js';
import { isConfigurationError, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { TrustedKeys } from './trusted-keys.js';
import { VerifiedCredentials } from './verified-credentials.js';
import { JWT_LENGTH } from '../../keys/key-limits.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

export interface VerifierOptions {
  /** The kite that is called. */
  readonly identity: KiteIdentity;
  /** Its own kite key. Without one, and without `kontrolKeys`, every kite key and token is refused. */
  readonly kiteKey?: KiteKey | undefined;
  /** Public keys of Kontrol, PEM, that are trusted beside the one in the kite key. */
  readonly kontrolKeys?: readonly string[] | undefined;
  readonly clock: Clock;
  /** Milliseconds that verified credentials are remembered, at most until they expire; 0 or less = not. Default 300,000. */
  readonly verifyTtl?: number | undefined;
  /** Whose kite keys are accepted: those of this kite's own user, of the named users, or of `any`. Default `own`. */
  readonly allowKiteKeysOf?: 'own' | 'any' | readonly string[] | undefined;
}

/** Gets the `key` of a call and returns the caller's username, or throws. */
export type AuthCheck = (key: string) => string;

interface Verified {
  readonly username: string;
  /** Milliseconds since 1970; Infinity = never. */
  readonly expiresAt: number;
}

/** Who a caller is, by the `authentication` of its call. Synchronous, so that calls stay in order. */
export class Verifier {
  readonly #identity: KiteIdentity;
  readonly #clock: Clock;
  readonly #allowed: 'own' | 'any' | readonly string[];
  readonly #programs = new Map<string, AuthCheck>();
  readonly #verified: VerifiedCredentials;
  #kiteKey: KiteKey | undefined;
  #trusted: TrustedKeys;

  /** @throws ConfigurationError where a key of Kontrol cannot be read */
  constructor(options: VerifierOptions) {
    this.#identity = options.identity;
    this.#clock = options.clock;
    this.#allowed = options.allowKiteKeysOf ?? 'own';
    this.#verified = new VerifiedCredentials(options.verifyTtl ?? 300_000, options.clock);
    this.#kiteKey = options.kiteKey;
    this.#trusted = trustedKeys(options.kiteKey, options.kontrolKeys ?? []);
  }

  /**
   * Teaches another `authentication.type`, or replaces what `kiteKey` or `token` mean. What `check` throws goes to the
   * caller as its message. Its results are not remembered: it may change its mind at any call.
   */
  addAuthType(type: string, check: AuthCheck): void {
    this.#programs.set(type, check);
  }

  /**
   * Exchanges the kite's own key, and with it the key of Kontrol that is trusted, after Kontrol has handed out new ones.
   *
   * @throws ConfigurationError where a key of Kontrol cannot be read; nothing has changed then
   */
  useKiteKey(kiteKey: KiteKey | undefined, kontrolKeys: readonly string[] = []): void {
    this.#trusted = trustedKeys(kiteKey, kontrolKeys);
    this.#kiteKey = kiteKey;
    this.#verified.clear();
  }

  /** Trusts none of these keys of Kontrol any more, PEM as they were given before. False: it trusted none of them. */
  distrust(kontrolKeys: readonly string[]): boolean {
    const left = this.#trusted.without(kontrolKeys);
    if (left.keys.length === this.#trusted.keys.length) return false;
    this.#trusted = left;
    this.#verified.clear();
    return true;
  }

  /**
   * The username of whoever sent `auth`, which may be anything.
   *
   * @throws KiteError `authenticationError`
   */
  verify(auth: unknown): string {
    const { type, key } = parseAuth(auth);
    const check = this.#programs.get(type);
    if (check) return runCheck(type, check, key);
    if (type !== 'kiteKey' && type !== 'token') {
      throw authenticationError(`Unknown authentication type: ${type.slice(0, QUOTED_LENGTH)}`);
    }
    const known = this.#verified.get(type, key);
    if (known !== undefined) return known;
    try {
      if (key.length > JWT_LENGTH)
        throw new JwtError('malformed', `it is longer than ${JWT_LENGTH} characters`);
      const { username, expiresAt } = type === 'kiteKey' ? this.#verifyKiteKey(key) : this.#verifyToken(key);
      this.#verified.add(type, key, username, expiresAt);
      return username;
    } catch (error) {
      throw authenticationError(`${type}: ${messageOf(error)}`, error);
    }
  }

  #verifyKiteKey(jwt: string): Verified {
    this.#requireTrust();
    const kontrolKey = textClaim(decodeJwt(jwt).claims, 'kontrolKey');
    if (kontrolKey === undefined)
      throw new JwtError('claims', 'it is not a kite key: "kontrolKey" is missing');
    const trusted = this.#trusted.find(kontrolKey);
    if (!trusted) throw new JwtError('signature', 'it is signed by a Kontrol that this kite does not trust');
    // Unlike a token, which is issued with its leeway, a kite key says when it was made to the second.
    const claims = verifyJwt(jwt, trusted, { clock: this.#clock, leeway: TOKEN_LEEWAY });
    const { username } = kiteKeyOf(jwt, claims);
    this.#checkUser(username);
    const expiresAt = claims['exp'];
    return {
      username,
      expiresAt: typeof expiresAt === 'number' ? expiresAt * 1000 : Number.POSITIVE_INFINITY,
    };
  }

  #checkUser(username: string): void {
    const own = this.#ownUser();
    const allowed = this.#allowed === 'own' ? [own] : this.#allowed;
    if (allowed === 'any' || allowed.includes(username)) return;
    const whose = this.#allowed === 'own' ? `its own user, "${own}",` : 'the users it names';
    throw new JwtError(
      'claims',
      `this kite accepts kite keys of ${whose} only, not of "${username.slice(0, QUOTED_LENGTH)}"; call it with a token, or let its program set allowKiteKeysOf`,
    );
  }

  #verifyToken(jwt: string): Verified {
    const keys = this.#requireTrust();
    const issuer = textClaim(decodeJwt(jwt).claims, 'iss');
    if (this.#kiteKey && issuer !== this.#kiteKey.kontrolUser) {
      throw new JwtError('claims', `issuer is not trusted: ${issuer?.slice(0, QUOTED_LENGTH) ?? 'none'}`);
    }
    const token = tokenOf(this.#verifyUnderAny(jwt, keys));
    const callee = { ...this.#identity, username: this.#ownUser() };
    if (!audienceIncludes(token.audience, callee)) {
      throw new JwtError(
        'claims',
        `it is for other kites: its audience is ${token.audience.slice(0, QUOTED_LENGTH)}`,
      );
    }
    return token;
  }

  #verifyUnderAny(jwt: string, keys: readonly KeyObject[]): Readonly<Record<string, unknown>> {
    for (const key of keys) {
      try {
        return verifyJwt(jwt, key, { clock: this.#clock });
      } catch (error) {
        if (isJwtError(error, 'expired')) throw tokenExpiredError();
        if (!isJwtError(error, 'signature')) throw error;
      }
    }
    // Kontrol may have changed its keys since: callers renew their token when they read this, and then it fits.
    throw tokenExpiredError();
  }

  #requireTrust(): readonly KeyObject[] {
    if (this.#trusted.keys.length > 0) return this.#trusted.keys;
    const message = this.#kiteKey ? KEY_PAIR_REVOKED : NO_KITE_KEY;
    throw new JwtError('signature', message);
  }

  // Kontrol registers a kite under the user of its key, whatever username the kite was configured with.
  #ownUser(): string {
    return this.#kiteKey?.username ?? this.#identity.username;
  }
}

const NO_KITE_KEY =
  'this kite has no kite key of its own, so it cannot tell whom to trust; get one with: kitectl register';
const KEY_PAIR_REVOKED =
  "Kontrol has revoked the key pair that signed this kite's own kite key, so that it cannot tell whom to trust; it needs a new one: kitectl register";

function tokenExpiredError(): JwtError {
  return new JwtError('expired', 'token is expired');
}

function trustedKeys(kiteKey: KiteKey | undefined, others: readonly string[]): TrustedKeys {
  const own = kiteKey ? [kiteKey.kontrolKey] : [];
  return new TrustedKeys([...own, ...others].map((pem) => ({ pem, key: parsePublicKey(pem) })));
}

function parseAuth(auth: unknown): { readonly type: string; readonly key: string } {
  if (typeof auth !== 'object' || auth === null) throw authenticationError(NO_AUTHENTICATION);
  const { type, key } = auth as { type?: unknown; key?: unknown };
  if (typeof type !== 'string' || type === '') throw authenticationError(NO_AUTHENTICATION);
  return { type, key: typeof key === 'string' ? key : '' };
}

const NO_AUTHENTICATION = 'No authentication information is provided';

function runCheck(type: string, check: AuthCheck, key: string): string {
  let username: unknown;
  try {
    username = check(key);
  } catch (error) {
    throw authenticationError(`${type}: ${messageOf(error)}`, error);
  }
  if (typeof username === 'string' && username !== '') return username;
  // A check that is async by mistake must not end the process when it rejects.
  if (username instanceof Promise) username.catch(() => undefined);
  throw authenticationError(`${type}: the check of this kite returned no user`);
}

function authenticationError(message: string, cause?: unknown): KiteError {
  const code = isKiteError(cause) && !isConfigurationError(cause) ? cause.code : '';
  return new KiteError('authenticationError', message, { code, cause });
}
