/** Kontrol: where kites register, are found and get tokens. */
export type { KontrolStatus } from './admin/administration.js';
export type { KeyPairInfo } from './tokens/key-ring.js';
export { INVITE_TTL } from './admin/invites.js';
export { defaultKontrolLimits, type KontrolLimits } from './limits/kontrol-limits.js';
export { Kontrol } from './kontrol.js';
export type { KontrolOptions } from './kontrol-options.js';
export type { RegistrationMode } from './admin/machine-registration.js';
export { openPolicy, ownPolicy, type Policy, type PolicyAction, type PolicyRule } from './policy/policy.js';
export { loadPolicy, parsePolicy } from './policy/policy-file.js';
export { defaultTimings, type Timings } from './registry/lease-timings.js';
