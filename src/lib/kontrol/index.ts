/** Kontrol: where kites register, are found and get tokens. */
export type { KontrolStatus } from './administration.js';
export type { KeyPairInfo } from './key-ring.js';
export { INVITE_TTL } from './invites.js';
export { Kontrol } from './kontrol.js';
export type { KontrolOptions } from './kontrol-options.js';
export type { RegistrationMode } from './machines.js';
export { openPolicy, ownPolicy, type Policy, type PolicyAction, type PolicyRule } from './policy.js';
export { loadPolicy, parsePolicy } from './policy-file.js';
export { defaultTimings, type Timings } from './timings.js';
