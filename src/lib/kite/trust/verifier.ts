import type { KeyObject } from 'node:crypto';
import { decodeJwt, isJwtError, JwtError, verifyJwt, tokenExpiredError } from '../../keys/jwt.js';
import { kindOf } from '../../errors/branded-error.js';
import { stringClaim } from '../../keys/jwt-claims.js';
import type { Claims } from '../../keys/jwt-claims.js';
import { descentOfKiteKey, type KiteKey, verifyKiteKey } from '../../keys/kite-key.js';
import { parsePublicKey, pemOf } from '../../keys/pem.js';
import { audienceIncludes, descentOfToken, tokenOf } from '../../keys/kite-token.js';
import { type Descent, RevokedIds } from '../../keys/revoked-ids.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/message-of.js';
import { TrustedKeys } from './trusted-keys.js';
import { type CallerIdentity, NO_CLAIMS } from '../call/caller-identity.js';
import type { ConnectionCredential } from '../call/connection-credential.js';
import {
  type AuthCheck,
  authenticationError,
  checkedIdentity,
  isCredential,
  parseAuth,
} from './auth-check.js';
import { type KontrolKeyCheck, KontrolKeyDecisions } from './kontrol-key-decisions.js';
import { isThenable } from '../../util/is-thenable.js';
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
  /**
   * Called with what a check of the program has thrown, if it is not an error of this library, and with the request that was passed
   * to `verify`. Returns what the caller gets instead. Default: the same error.
   */
  readonly checkFailed?: ((error: unknown, request: unknown) => unknown) | undefined;
}

/** Whether a token with this audience is valid for a kite. Synchronous; anything but `true` rejects the token. */
export type AudienceCheck = (audience: string, kite: KiteIdentity) => boolean;

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
  readonly #checkFailed: (error: unknown, request: unknown) => unknown;
  readonly #customChecks = new Map<string, Check>();
  /** Whether a check has returned until when its result is valid. */
  #cachesChecks = false;
  readonly #used = new ConnectionCredentials();
  readonly #revoked = new RevokedIds();
  /** Public keys of Kontrol that it has revoked, in PEM: as they were passed, and as this process encodes them. */
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
    this.#checkFailed = options.checkFailed ?? ((error) => error);
    this.#verified = new VerifiedCredentials(verifyTtl, clock);
    this.#kiteKey = options.kiteKey;
    this.#trusted = trustedKeys(options.kiteKey, options.kontrolKeys ?? []);
  }

  /**
   * Adds an authentication type, or replaces the check of `kiteKey` or `token`. If `check` throws, the caller gets the message.
   * Its results are cached until they expire, if they say when.
   */
  addAuthType(type: string, check: Check): void {
    if (typeof type !== 'string' || type === '')
      throw new TypeError('The type of credentials is not a string, or empty');
    if (typeof check !== 'function')
      throw new TypeError(`The check of the credentials of type "${type}" is not a function`);
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

  /**
   * Rejects credentials that these keys of Kontrol have signed, also if they are trusted again, or if the check of the program
   * accepts them. Strings that are not keys are ignored. Returns false if all were revoked before.
   */
  revokeKeys(kontrolKeys: readonly string[]): boolean {
    const added = kontrolKeys.filter((pem) => !this.#revokedKeys.has(pem));
    for (const pem of added) {
      this.#revokedKeys.add(pem);
      // The check of the program may accept another encoding of the key.
      if (this.#keyCheck) this.#revokedKeys.add(normalized(pem));
    }
    if (added.length > 0) this.#verified.clear();
    return added.length > 0;
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
    const check = this.#customChecks.get(type);
    if (check) return this.#runCheck(type, key, check, connection, request);
    const cached = this.#verified.get(type, key);
    if (cached !== undefined) return this.#admit(cached, connection);
    if (type !== 'kiteKey' && type !== 'token') {
      throw authenticationError(`Unknown authentication type: ${type.slice(0, QUOTED_LENGTH)}`);
    }
    const refuse = (error: unknown): never => this.#refuse(type, error, request);
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
    // While a check of the program ran.
    if (this.#revokedKeys.has(verified.pem)) throw revokedPairError();
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
    check: Check,
    connection: CredentialHolder | undefined,
    request: unknown,
  ): CallerIdentity | Promise<CallerIdentity> {
    const cached = this.#cachesChecks ? this.#verified.get(type, key) : undefined;
    if (cached !== undefined) return cached.identity;
    let result: unknown;
    try {
      result = check(key, request);
      if (isThenable(result))
        return Promise.resolve(result)
          .catch((error: unknown) => this.#refuse(type, error, request))
          .then((late) => this.#checked(type, key, late, connection));
    } catch (error) {
      return this.#refuse(type, error, request);
    }
    return this.#checked(type, key, result, connection);
  }

  /** What a check of the program has thrown by accident is not for everyone. */
  #refuse(type: string, error: unknown, request: unknown): never {
    const shown = kindOf(error) ? error : this.#checkFailed(error, request);
    throw authenticationError(`${type}: ${messageOf(shown)}`, shown);
  }

  /** Returns the identity in the result of a check. */
  #checked(
    type: string,
    key: string,
    result: unknown,
    connection: CredentialHolder | undefined,
  ): CallerIdentity {
    if (typeof result === 'string' && result !== '') return { username: result, claims: NO_CLAIMS };
    if (isCredential(result)) {
      return this.#admit({ identity: result.identity, credential: result }, connection);
    }
    const { expiresAt, ...identity } = checkedIdentity(type, result);
    if (expiresAt !== undefined) {
      this.#cachesChecks = true;
      this.#verified.addUntil({ type, key, identity, credential: undefined }, expiresAt);
    }
    return identity;
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
    if (this.#revokedKeys.has(verified.pem)) throw revokedPairError();
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

function revokedPairError(): JwtError {
  return new JwtError('signature', 'it is signed by a key of Kontrol that was revoked');
}

/** Returns a public key as this process encodes it, and anything else as it is. */
function normalized(pem: string): string {
  try {
    return pemOf(parsePublicKey(pem));
  } catch {
    return pem;
  }
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
