/** The classes of errors that this project throws. A subclass has the kind of the class that it extends. */
export type ErrorKind =
  | 'CliError'
  | 'DialError'
  | 'JwtError'
  | 'KiteError'
  | 'NoResponseError'
  | 'ProtocolViolation'
  | 'ScrubError'
  | 'StorageError'
  | 'VersionConstraintError';

// Registered, because the command line is bundled into several files, and a program may load the library twice: each copy has
// classes of its own, so that `instanceof` does not recognise the errors of another.
const BRAND = Symbol.for('kitectl.error');

/** The base of every error of this project. Errors are recognised by their kind, with `kindOf`, and not with `instanceof`. */
export abstract class BrandedError extends Error {
  /** What kind of failure it was, for programs. A class that has no types of its own has one: its name. */
  readonly type: string;

  constructor(kind: ErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = kind;
    this.type = kind;
    Object.defineProperty(this, BRAND, { value: kind });
  }
}

/** The kind of an error of this project, whichever copy of the code created it. Undefined for everything else. */
export function kindOf(error: unknown): ErrorKind | undefined {
  return (error as { readonly [BRAND]?: ErrorKind } | null | undefined)?.[BRAND];
}
