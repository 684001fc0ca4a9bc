/** A verified credential of a caller. */
export interface ConnectionCredential {
  readonly username: string;
  /** Equal for credentials that can only be revoked together. */
  readonly revocationKey: string;
  /** Whether it has been revoked since it was verified. */
  readonly revoked: boolean;
}
