/** The kinds of errors that this project throws. A subclass has the kind of its base class. */
export type ErrorKind =
  | 'CliError'
  | 'DialError'
  | 'JwtError'
  | 'KiteError'
  | 'NoResponseError'
  | 'ProtocolViolation'
  | 'ScrubError'
  | 'StorageError'
  | 'ValueError'
  | 'VersionConstraintError';

// A registered symbol, because the CLI is bundled into several files and a program may load the library twice. Each copy has
// its own classes, so `instanceof` does not recognize the errors of another copy.
const BRAND = Symbol.for('kitectl.error');

/** Base class of all errors of this project. Recognize them with `kindOf` instead of `instanceof`. */
export abstract class BrandedError extends Error {
  /** Machine-readable type of the failure. Default: the kind. */
  readonly type: string;

  constructor(kind: ErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = kind;
    this.type = kind;
    Object.defineProperty(this, BRAND, { value: kind });
  }
}

/**
 * Returns the kind of an error of this project, regardless of which copy of the code created it; otherwise undefined. Never
 * throws, also if the properties of what was thrown cannot be read.
 */
export function kindOf(error: unknown): ErrorKind | undefined {
  try {
    return (error as { readonly [BRAND]?: ErrorKind } | null | undefined)?.[BRAND];
  } catch {
    return undefined;
  }
}
