import type { CallerIdentity } from './caller-identity.js';

/** A verified credential of a caller. */
export interface ConnectionCredential {
  readonly identity: CallerIdentity;
  /** Equal for credentials that can only be revoked together. */
  readonly revocationKey: string;
  /** Whether it has been revoked since it was verified. */
  readonly revoked: boolean;
}
