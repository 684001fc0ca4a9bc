import type { KeyObject } from 'node:crypto';
import { decodeJwt, isJwtError, JwtError, verifyJwt, tokenExpiredError } from '../../keys/jwt.js';
import { stringClaim } from '../../keys/jwt-claims.js';
import type { Claims } from '../../keys/jwt-claims.js';
import { descentOfKiteKey, type KiteKey, verifyKiteKey } from '../../keys/kite-key.js';
import { parsePublicKey, pemOf } from '../../keys/pem.js';
import { audienceIncludes, descentOfToken, tokenOf } from '../../keys/kite-token.js';
import { type Descent, RevokedIds } from '../../keys/revoked-ids.js';
import { isConfigurationError, isKiteError, KiteError } from '../../protocol/errors.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { MISSING_AUTHENTICATION } from '../../protocol/missing-authentication.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { TrustedKeys } from './trusted-keys.js';
import { type CallerIdentity, NO_CLAIMS } from '../call/caller-identity.js';
import type { ConnectionCredential } from '../call/connection-credential.js';
import { type KontrolKeyCheck, KontrolKeyDecisions } from './kontrol-key-decisions.js';
import { isThenable } from '../../util/is-thenable.js';
import { record } from '../../util/record.js';
import { ConnectionCredentials, type CredentialHolder } from './connection-credentials.js';
import { type CachedCredential, VerifiedCredentials } from './verified-credentials.js';
import { JWT_LENGTH } from '../../keys/key-limits.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

export interface VerifierOptions {
  /** Identity of the called kite. */
  readonly identity: KiteIdentity;
  /** Kite key of the called kite. Without it, and without `kontrolKeys`, every kite key and token is rejected. */
  readonly kiteKey?: KiteKey | undefined;
  /** Public keys of Kontrol, in PEM, that are trusted in addition to the one in the kite key. */
  readonly kontrolKeys?: readonly string[] | undefined;
  readonly clock: Clock;
  /** How long verified credentials are cached, in milliseconds; 0 or less disables the cache. Default: 300,000. */
  readonly verifyTtl?: number | undefined;
  /** Users whose kite keys are accepted: the user of this kite (`own`), a list of users, or `any`. Default: `own`. */
  readonly allowKiteKeysOf?: 'own' | 'any' | readonly string[] | undefined;
  /** Decides whether a token is valid for the called kite. Default: `audienceIncludes`. */
  readonly acceptAudience?: AudienceCheck | undefined;
  /** Decides which Kontrols' kite keys are accepted, except revoked keys. Default: those whose keys this kite trusts. */
  readonly acceptKontrolKey?: KontrolKeyCheck | undefined;
}

/** Whether a token with this audience is valid for a kite. Synchronous; anything but `true` rejects the token. */
export type AudienceCheck = (audience: string, kite: KiteIdentity) => boolean;

/** What a check of credentials returns. */
export interface CheckedIdentity {
  readonly username: string;
  /** What is known about the caller, for `request.identity` and the option `allow`. Default: none. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Until when the result is cached for the same credentials, in milliseconds since 1970. Default: it is not cached. */
  readonly expiresAt?: number;
}

/** Receives the `key` of a call and its request, and returns the caller or throws. */
export type AuthCheck<Call = unknown> = (
  key: string,
  request: Call,
) => string | CheckedIdentity | Promise<string | CheckedIdentity>;

type Check = (key: string, request: unknown) => ReturnType<AuthCheck> | ConnectionCredential;

/** Returns the verified credential with this key, or throws. */
export type CredentialCheck = (key: string) => ConnectionCredential;

interface Verified {
  readonly descent: Descent;
  /** The public key of the Kontrol that has signed it. */
  readonly pem: string;
  readonly claims: Claims;
  /** Milliseconds since 1970; Infinity means never. */
  readonly expiresAt: number;
}

/** Authenticates callers by the `authentication` of their calls. Synchronous, unless a check of the program returns a promise. */
export class Verifier {
  readonly #identity: KiteIdentity;
  readonly #clock: Clock;
  readonly #allowed: 'own' | 'any' | readonly string[];
  readonly #acceptAudience: AudienceCheck;
  readonly #keyCheck: KontrolKeyDecisions | undefined;
  readonly #customChecks = new Map<string, Check>();
  readonly #used = new ConnectionCredentials();
  readonly #revoked = new RevokedIds();
  /** Public keys of Kontrol that it has revoked, in the PEM in which they were trusted. */
  readonly #revokedKeys = new Set<string>();
  readonly #verified: VerifiedCredentials;
  #kiteKey: KiteKey | undefined;
  #trusted: TrustedKeys;

  /** @throws ConfigurationError if a key of Kontrol is invalid */
  constructor(options: VerifierOptions) {
    this.#identity = options.identity;
    this.#clock = options.clock;
    this.#allowed = options.allowKiteKeysOf ?? 'own';
    const { acceptAudience = audienceIncludes, acceptKontrolKey, verifyTtl = 300_000, clock } = options;
    if (typeof acceptAudience !== 'function')
      throw new TypeError('The option acceptAudience is not a function');
    if (acceptKontrolKey !== undefined && typeof acceptKontrolKey !== 'function')
      throw new TypeError('The option acceptKontrolKey is not a function');
    this.#keyCheck = acceptKontrolKey && new KontrolKeyDecisions(acceptKontrolKey, verifyTtl, clock);
    this.#acceptAudience = acceptAudience;
    this.#verified = new VerifiedCredentials(verifyTtl, clock);
    this.#kiteKey = options.kiteKey;
    this.#trusted = trustedKeys(options.kiteKey, options.kontrolKeys ?? []);
  }

  /**
   * Adds an authentication type, or replaces the check of `kiteKey` or `token`. If `check` throws, the caller gets the message.
   * Its results are cached until they expire, if they say when.
   */
  addAuthType(type: string, check: Check): void {
    this.#customChecks.set(type, check);
    this.#verified.clear();
  }

  /**
   * Replaces the kite key of the called kite, and the trusted keys of Kontrol.
   *
   * @throws ConfigurationError if a key of Kontrol is invalid; nothing has changed then
   */
  useKiteKey(kiteKey: KiteKey | undefined, kontrolKeys: readonly string[] = []): void {
    this.#trusted = trustedKeys(kiteKey, kontrolKeys);
    this.#kiteKey = kiteKey;
    this.#verified.clear();
  }

  /** Stops trusting these keys of Kontrol, in the PEM that was passed before. Returns false if none of them was trusted. */
  distrust(kontrolKeys: readonly string[]): boolean {
    const remaining = this.#trusted.without(kontrolKeys);
    if (remaining.keys.length === this.#trusted.keys.length) return false;
    this.#trusted = remaining;
    this.#verified.clear();
    return true;
  }

  /** Rejects credentials that these keys of Kontrol have signed, also if they are trusted again. */
  revokeKeys(kontrolKeys: readonly string[]): void {
    for (const pem of kontrolKeys) this.#revokedKeys.add(pem);
    this.#verified.clear();
  }

  /** Rejects credentials that descend from these kite keys. Returns the ids that were not revoked before. */
  revokeIds(ids: readonly string[]): readonly string[] {
    const added = this.#revoked.add(ids);
    if (added.length > 0) this.#verified.clear();
    return added;
  }

  /** Closes the connections that have used a credential which is revoked now; see `ConnectionCredentials`. */
  endRevoked(...args: Parameters<ConnectionCredentials['endRevoked']>): void {
    this.#used.endRevoked(...args);
  }

  /**
   * Returns the identity of the caller that sent `auth`, which may be any value, on a connection. A promise if a check of the
   * program returns one. `request` is what checks of the program receive.
   *
   * @throws KiteError `authenticationError`
   */
  verify(
    auth: unknown,
    connection?: CredentialHolder,
    request?: unknown,
  ): CallerIdentity | Promise<CallerIdentity> {
    const { type, key } = parseAuth(auth);
    const cached = this.#verified.get(type, key);
    if (cached !== undefined) return this.#admit(cached, connection);
    const check = this.#customChecks.get(type);
    if (check) return this.#runCheck(type, key, () => check(key, request), connection);
    if (type !== 'kiteKey' && type !== 'token') {
      throw authenticationError(`Unknown authentication type: ${type.slice(0, QUOTED_LENGTH)}`);
    }
    const refuse = (error: unknown): never => {
      throw authenticationError(`${type}: ${messageOf(error)}`, error);
    };
    try {
      if (key.length > JWT_LENGTH)
        throw new JwtError('malformed', `it is longer than ${JWT_LENGTH} characters`);
      const verified = type === 'kiteKey' ? this.#verifyKiteKey(key) : this.#verifyToken(key);
      if (!(verified instanceof Promise)) return this.#accept(type, key, verified, connection);
      return verified.then((late) => this.#accept(type, key, late, connection)).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  }

  #accept(
    type: 'kiteKey' | 'token',
    key: string,
    verified: Verified,
    connection: CredentialHolder | undefined,
  ): CallerIdentity {
    if (this.#revoked.includes(verified.descent)) throw new JwtError('claims', REVOKED[type]);
    const credential = this.#credential(verified);
    const entry = { type, key, identity: credential.identity, credential };
    this.#verified.add(entry, verified.expiresAt);
    return this.#admit(entry, connection);
  }

  #admit(
    { identity, credential }: Pick<CachedCredential, 'identity' | 'credential'>,
    connection: CredentialHolder | undefined,
  ): CallerIdentity {
    if (connection && credential && connection.credential !== credential)
      this.#used.add(connection, credential);
    return identity;
  }

  /** Runs a check of the program, or one of those that this package replaces. */
  #runCheck(
    type: string,
    key: string,
    check: () => unknown,
    connection: CredentialHolder | undefined,
  ): CallerIdentity | Promise<CallerIdentity> {
    const refuse = (error: unknown): never => {
      throw authenticationError(`${type}: ${messageOf(error)}`, error);
    };
    const accept = (result: unknown): CallerIdentity => {
      if (isCredential(result))
        return this.#admit({ identity: result.identity, credential: result }, connection);
      const { expiresAt, ...identity } = checkedIdentity(type, result);
      if (expiresAt !== undefined)
        this.#verified.addUntil({ type, key, identity, credential: undefined }, expiresAt);
      return identity;
    };
    let result: unknown;
    try {
      result = check();
      if (isThenable(result)) return Promise.resolve(result).catch(refuse).then(accept);
    } catch (error) {
      return refuse(error);
    }
    return accept(result);
  }

  #credential({ descent, pem, claims }: Verified): ConnectionCredential {
    const { username, kiteKeyId, issuedAt } = descent;
    const [revokedIds, revokedKeys] = [this.#revoked, this.#revokedKeys];
    return {
      identity: { username, claims },
      revocationKey: JSON.stringify([username, kiteKeyId, issuedAt, pem]),
      get revoked() {
        return revokedKeys.has(pem) || revokedIds.includes(descent);
      },
    };
  }

  #verifyKiteKey(jwt: string): Verified | Promise<Verified> {
    const { claims } = decodeJwt(jwt);
    const kontrolKey = stringClaim(claims, 'kontrolKey');
    if (!this.#keyCheck) this.#requireTrustedKeys();
    if (kontrolKey === undefined)
      throw new JwtError('claims', 'it is not a kite key: "kontrolKey" is missing');
    const trusted = this.#keyCheck ? parsePublicKey(kontrolKey) : this.#trusted.find(kontrolKey);
    if (!trusted) throw untrustedError();
    const kiteKey = verifyKiteKey(jwt, trusted, this.#clock);
    this.#checkUser(kiteKey.username);
    const { expiresAt = Number.POSITIVE_INFINITY } = kiteKey;
    const verified = {
      descent: descentOfKiteKey(kiteKey),
      pem: this.#keyCheck ? pemOf(trusted) : this.#trusted.pemOf(trusted),
      claims,
      expiresAt,
    };
    if (!this.#keyCheck) return verified;
    if ([...this.#revokedKeys].some((revoked) => parsePublicKey(revoked).equals(trusted)))
      throw new JwtError('signature', 'it is signed by a key of Kontrol that was revoked');
    const accepted = this.#keyCheck.accepts(verified.pem);
    if (!(accepted instanceof Promise)) return requireAccepted(accepted, verified);
    return accepted.then((result) => requireAccepted(result, verified));
  }

  #checkUser(username: string): void {
    const own = this.#ownUser();
    const allowed = this.#allowed === 'own' ? [own] : this.#allowed;
    if (allowed === 'any' || allowed.includes(username)) return;
    const users = this.#allowed === 'own' ? `its own user, "${own}",` : 'the users in allowKiteKeysOf';
    throw new JwtError(
      'claims',
      `this kite accepts kite keys of ${users} only, not of "${username.slice(0, QUOTED_LENGTH)}"; call it with a token, or let its program set allowKiteKeysOf`,
    );
  }

  #verifyToken(jwt: string): Verified {
    const keys = this.#requireTrustedKeys();
    const issuer = stringClaim(decodeJwt(jwt).claims, 'iss');
    if (this.#kiteKey && issuer !== this.#kiteKey.kontrolUser) {
      throw new JwtError('claims', `issuer is not trusted: ${issuer?.slice(0, QUOTED_LENGTH) ?? 'none'}`);
    }
    const { claims, key } = this.#verifyWithAnyKey(jwt, keys);
    const token = tokenOf(claims);
    const callee = { ...this.#identity, username: this.#ownUser() };
    if (!isAccepted(this.#acceptAudience(token.audience, callee))) {
      throw new JwtError(
        'claims',
        `it is for other kites: its audience is ${token.audience.slice(0, QUOTED_LENGTH)}`,
      );
    }
    const pem = this.#trusted.pemOf(key);
    return { descent: descentOfToken(claims), pem, claims, expiresAt: token.expiresAt };
  }

  #verifyWithAnyKey(
    jwt: string,
    keys: readonly KeyObject[],
  ): { readonly claims: Claims; readonly key: KeyObject } {
    for (const key of keys) {
      try {
        return { claims: verifyJwt(jwt, key, { clock: this.#clock }), key };
      } catch (error) {
        if (isJwtError(error, 'expired')) throw tokenExpiredError();
        if (!isJwtError(error, 'signature')) throw error;
      }
    }
    // Kontrol may have changed its keys. Callers renew their token when they get this error.
    throw tokenExpiredError();
  }

  #requireTrustedKeys(): readonly KeyObject[] {
    if (this.#trusted.keys.length > 0) return this.#trusted.keys;
    const message = this.#kiteKey ? KEY_PAIR_REVOKED : NO_KITE_KEY;
    throw new JwtError('signature', message);
  }

  // Kontrol registers a kite under the user of its key, even if the kite is configured with another username.
  #ownUser(): string {
    return this.#kiteKey?.username ?? this.#identity.username;
  }
}

const REVOKED = {
  kiteKey: 'it was revoked; get a new kite key with: kitectl register --force',
  token: 'the kite key that it was issued for was revoked; get a new kite key with: kitectl register --force',
};
const NO_KITE_KEY = 'this kite has no kite key, so it cannot verify callers; get one with: kitectl register';
const KEY_PAIR_REVOKED =
  "Kontrol has revoked the key pair that signed this kite's kite key, so it cannot verify callers; get a new one with: kitectl register --force";

function trustedKeys(kiteKey: KiteKey | undefined, others: readonly string[]): TrustedKeys {
  const own = kiteKey ? [kiteKey.kontrolKey] : [];
  return new TrustedKeys([...own, ...others].map((pem) => ({ pem, key: parsePublicKey(pem) })));
}

function parseAuth(auth: unknown): { readonly type: string; readonly key: string } {
  if (typeof auth !== 'object' || auth === null) throw authenticationError(MISSING_AUTHENTICATION);
  const { type, key } = auth as { type?: unknown; key?: unknown };
  if (typeof type !== 'string' || type === '') throw authenticationError(MISSING_AUTHENTICATION);
  return { type, key: typeof key === 'string' ? key : '' };
}

function isCredential(result: unknown): result is ConnectionCredential {
  return typeof result === 'object' && result !== null && 'revocationKey' in result;
}

/** Returns what a check of the program has returned, as an identity. */
function checkedIdentity(type: string, result: unknown): CallerIdentity & Pick<CheckedIdentity, 'expiresAt'> {
  const {
    username,
    claims = NO_CLAIMS,
    expiresAt,
  } = typeof result === 'string' ? { username: result } : (record(result) as Partial<CheckedIdentity>);
  if (typeof username !== 'string' || username === '')
    throw authenticationError(`${type}: the check of this kite did not return a username`);
  if (typeof claims !== 'object' || claims === null)
    throw authenticationError(`${type}: the check of this kite returned claims that are not an object`);
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)))
    throw authenticationError(`${type}: the check of this kite returned an expiresAt that is not a number`);
  return expiresAt === undefined ? { username, claims } : { username, claims, expiresAt };
}

function requireAccepted(accepted: boolean, verified: Verified): Verified {
  if (!accepted) throw untrustedError();
  return verified;
}

function untrustedError(): JwtError {
  return new JwtError('signature', 'it is signed by a Kontrol that this kite does not trust');
}

/** Whether a check of the program has returned true. */
function isAccepted(result: unknown): boolean {
  // If the check is async by mistake, its rejection must not end the process.
  if (result instanceof Promise) result.catch(() => undefined);
  return result === true;
}

function authenticationError(message: string, cause?: unknown): KiteError {
  const code = isKiteError(cause) && !isConfigurationError(cause) ? cause.code : '';
  return new KiteError('authenticationError', message, { code, cause });
}
