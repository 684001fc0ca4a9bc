import { defaultLimits, type Limits } from '../../kite/limits/kite-limits.js';

/**
 * Limits on issuing kite keys and sign-in links. All addresses of one /64 network of IPv6 count as one address. Behind a load
 * balancer, set `trustedProxies`, or all callers count as one.
 */
export interface AdmissionLimits {
  /**
   * Maximum number of calls of `registerMachine` that one address can make in a burst. Default 10. If exceeded, the call fails
   * with `requestLimitError`.
   */
  readonly registrationAttempts: number;
  /**
   * Minimum time between two calls of `registerMachine` from one address after a burst, in milliseconds. Default 6 s. If a
   * call comes earlier, it fails with `requestLimitError`.
   */
  readonly registrationInterval: number;
  /**
   * Maximum number of addresses whose attempts are counted. Default 10,000. If exceeded, the least recently seen address is
   * removed.
   */
  readonly registrationAddresses: number;
  /**
   * Maximum number of callers that are prompted for an invite at a time. Default 256. If exceeded, the call fails with
   * `requestLimitError`.
   */
  readonly prompts: number;
  /**
   * Maximum number of callers at one address that are prompted at a time. Default 8. If exceeded, the call fails with
   * `requestLimitError`.
   */
  readonly promptsPerAddress: number;
  /**
   * Maximum time that a caller has to enter an invite, in milliseconds. Default 120 s. If exceeded, the call fails with
   * `inviteNeeded`.
   */
  readonly promptTimeout: number;
  /** Maximum number of sign-in links that are valid at a time. Default 10,000. If exceeded, the oldest becomes invalid. */
  readonly signInCodes: number;
  /** Maximum number of sign-in links of one user. Default 8. If exceeded, the oldest becomes invalid. */
  readonly signInCodesPerUser: number;
  /**
   * Maximum time that a sign-in link is valid, in milliseconds. Default 120 s. If exceeded, signing in fails with
   * `signInCode`.
   */
  readonly signInCodeTtl: number;
  /**
   * Maximum time that a token for Kontrol can be renewed, after the page signed in or the program got the first one with its
   * kite key, in milliseconds. Default 604,800 s. If exceeded, calls with the token fail with `sessionEnded`.
   */
  readonly sessionTtl: number;
}

/** Limits on what one user has in Kontrol, with all of its kites and connections together. */
export interface UserLimits {
  /**
   * Maximum number of registered kites of one user. Default 10,000. If exceeded, the registration fails with the code
   * `userLimit`.
   */
  readonly registrationsPerUser: number;
  /** Maximum number of watches of one user. Default 10,000. If exceeded, the call fails with the code `userLimit`. */
  readonly watchersPerUser: number;
  /**
   * Maximum number of queries of one user, for kites and for tokens, that have not been answered. Default 10,000. If exceeded,
   * the call fails with the code `userLimit`.
   */
  readonly queriesPerUser: number;
  /**
   * Maximum number of changes that the watches of one user for the kites of one user, or of all users, have not been notified of.
   * Only the last change of each kite counts. Default 10,000. If exceeded, the connections of these watches close.
   */
  readonly changesPerUser: number;
}

/** Bounds on what a peer can make a Kontrol spend, in addition to the limits of every kite. */
export interface KontrolLimits extends AdmissionLimits, Limits, UserLimits {
  /**
   * Maximum number of bytes of WebRTC signals from one kite to another that the receiver has not received yet; each signal counts
   * at least 1 KiB. Default 8 MiB. If exceeded, the call fails with `requestLimitError`.
   */
  readonly signalBytes: number;
  /**
   * Maximum number of queries and registrations of one connection that wait for their turn. Default 64. If exceeded, reading
   * from the peer pauses.
   */
  readonly waitingPerConnection: number;
  /** Maximum number of watches of one connection. Default 1,024. If exceeded, the call fails with `requestLimitError`. */
  readonly watchersPerConnection: number;
  /**
   * Maximum size of the body of `POST /register`, in bytes. Default 64 KiB. If exceeded, the request gets HTTP status 400.
   */
  readonly registerBodyBytes: number;
  /**
   * Maximum number of verified kite keys in the cache. Default 4,096. If exceeded, the least recently used one is removed, and
   * verified again when it is next used.
   */
  readonly verifiedKiteKeys: number;
  /**
   * Maximum number of issued tokens in the cache. Default 20,000. If exceeded, the least recently used one is removed, and
   * signed again when it is next needed.
   */
  readonly issuedTokens: number;
  /**
   * Maximum number of kite keys and sessions whose last use a node remembers, so that it does not write it again. Default
   * 100,000. If exceeded, the least recently used one is forgotten, and written again when it is next used.
   */
  readonly credentialUses: number;
  /**
   * Maximum number of kite keys and sessions of one user that are listed. Default 1,000. If exceeded, the least recently used
   * one is removed from the list.
   */
  readonly credentialsPerUser: number;
  /**
   * Maximum number of refused calls per minute that the audit log contains. Default 1,000. If exceeded, further ones are
   * counted, and the next entry has their number.
   */
  readonly auditedRefusals: number;
}

const admissionLimits: AdmissionLimits = {
  registrationAttempts: 10,
  registrationInterval: 6000,
  registrationAddresses: 10_000,
  prompts: 256,
  promptsPerAddress: 8,
  promptTimeout: 120_000,
  signInCodes: 10_000,
  signInCodesPerUser: 8,
  signInCodeTtl: 120_000,
  sessionTtl: 7 * 24 * 3_600_000,
};

const userLimits: UserLimits = {
  registrationsPerUser: 10_000,
  watchersPerUser: 10_000,
  queriesPerUser: 10_000,
  changesPerUser: 10_000,
};

export const defaultKontrolLimits: KontrolLimits = Object.freeze({
  ...defaultLimits,
  ...admissionLimits,
  ...userLimits,
  signalBytes: 8 * 1024 * 1024,
  waitingPerConnection: 64,
  watchersPerConnection: 1024,
  registerBodyBytes: 64 * 1024,
  verifiedKiteKeys: 4096,
  issuedTokens: 20_000,
  credentialUses: 100_000,
  credentialsPerUser: 1000,
  auditedRefusals: 1000,
});

/**
 * Maximum length of a field of a kite's identity, in characters. Default 256. If exceeded, the registration fails with
 * `argumentError`.
 */
export const FIELD_LENGTH = 256;

/**
 * Maximum length of the URL that a kite registers, in characters. Default 2,048. If exceeded, the registration fails with
 * `argumentError`.
 */
export const URL_LENGTH = 2048;

/**
 * Maximum lifetime of a kite key that expires, in milliseconds: 100 years. Default 3,153,600,000 s. If exceeded, creating the
 * invite fails with `argumentError`.
 */
export const KEY_TTL = 100 * 365 * 24 * 3_600_000;

/**
 * Maximum number of audiences in an entry of the audit log. Default 10. If exceeded, the tokens for the others are only counted.
 */
export const AUDITED_AUDIENCES = 10;

/**
 * Maximum number of pages to which one page may have WebRTC sessions. Default 1,024. If exceeded, Kontrol lets the page end those
 * with the page whose session was opened first.
 */
export const SIGNALLED_PAGES = 1024;

/** Maximum length of a policy file, in characters. Default 1 MiB. If exceeded, Kontrol does not start. */
export const POLICY_LENGTH = 1024 * 1024;

/**
 * Maximum number of long responses to queries that are produced at a time. Default 2. If exceeded, further ones wait, in turn
 * for each user.
 */
export const LONG_RESPONSES = 2;

/**
 * Maximum number of changes of kites whose events for watches remain encoded. Default 1,024. If exceeded, the oldest one is
 * removed, and encoded again when it is next sent.
 */
export const ENCODED_CHANGES = 1024;

/**
 * Minimum time between two marks of a kite whose connection drops again and again, in milliseconds. Default 10 s. If exceeded, the
 * kite is marked as silent later, unless it has returned.
 */
export const MARK_INTERVAL = 10_000;

/** Maximum number of interned strings. Default 50,000. If exceeded, the table is cleared. */
export const SHARED_STRINGS = 50_000;
