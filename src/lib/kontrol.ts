/** The public API of `kitectl/kontrol`, for programs that run a Kontrol. */
export { generateKeyPair, type KeyPair, type KeyPairOptions } from './keys/key-pair.js';
export type { KontrolStatus } from './kontrol/admin/administration.js';
export type { AuditAction, AuditEntry } from './kontrol/admin/audit-log.js';
export { INVITE_TTL, type InviteLifetimes } from './kontrol/admin/invites.js';
export type { RegistrationMode } from './kontrol/admin/machine-registration.js';
export type { KeyRevocation, UserCredential, UserRevocation, UserSummary } from './kontrol/admin/users.js';
export { Kontrol } from './kontrol/kontrol.js';
export type { KontrolOptions } from './kontrol/kontrol-options.js';
export {
  type AdmissionLimits,
  defaultKontrolLimits,
  type KontrolLimits,
  type UserLimits,
} from './kontrol/limits/kontrol-limits.js';
export type { ServerKiteOptions } from './kite/server-kite.js';
export {
  openPolicy,
  ownPolicy,
  type Policy,
  type PolicyAction,
  type PolicyRule,
} from './kontrol/policy/policy.js';
export { loadPolicy, parsePolicy } from './kontrol/policy/policy-file.js';
export { defaultTimings, type LeaseTimings } from './kontrol/registry/lease-timings.js';
export {
  type EtcdConfig,
  openStorage,
  type PostgresConfig,
  type StorageConfig,
} from './kontrol/storage/open-storage.js';
export {
  type HeldEntry,
  isStorageError,
  type PutResult,
  type Registration as StoredRegistration,
  type SilentMark,
  type Storage,
  type StorageChange,
  type StorageError,
  type StorageTools,
  type StoredCredential,
  type StoredInvite,
  type StoredKeyPair,
} from './kontrol/storage/shared/storage.js';
export type { KeyPairInfo, RingPair } from './kontrol/tokens/key-ring.js';
export type { StorageErrorCode } from './errors/error-codes.js';
export type { LookupAddresses } from './util/loopback.js';
