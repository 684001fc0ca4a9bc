/** Kontrol: where kites register, are found and get tokens. */
export type { KontrolStatus } from './kontrol/admin/administration.js';
export type { KeyPairInfo } from './kontrol/tokens/key-ring.js';
export { INVITE_TTL } from './kontrol/admin/invites.js';
export { defaultKontrolLimits, type KontrolLimits } from './kontrol/limits/kontrol-limits.js';
export { Kontrol } from './kontrol/kontrol.js';
export type { KontrolOptions } from './kontrol/kontrol-options.js';
export type { RegistrationMode } from './kontrol/admin/machine-registration.js';
export {
  openPolicy,
  ownPolicy,
  type Policy,
  type PolicyAction,
  type PolicyRule,
} from './kontrol/policy/policy.js';
export { loadPolicy, parsePolicy } from './kontrol/policy/policy-file.js';
export { defaultTimings, type Timings } from './kontrol/registry/lease-timings.js';
