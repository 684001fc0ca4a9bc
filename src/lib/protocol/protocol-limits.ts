/* Limits of versions, version constraints, globs, error messages, extensions, traces and metadata. */

/** Limits of the metadata of a call. */
export interface MetadataLimits {
  /** Maximum number of entries in the metadata of a call. Default 64. If exceeded, the call fails with `argumentError`. */
  readonly metadataEntries: number;
  /**
   * Maximum length of the names and values in the metadata of a call, in bytes. Default 8 KiB. If exceeded, the call fails with
   * `argumentError`.
   */
  readonly metadataBytes: number;
}

export const metadataLimits: MetadataLimits = { metadataEntries: 64, metadataBytes: 8192 };

/** Limits of the errors of calls. */
export interface ErrorLimits {
  /**
   * Maximum length of the data of an error, in bytes of JSON. Default 16 KiB. If exceeded, the error is sent without its data, and
   * a warning is logged.
   */
  readonly errorDataBytes: number;
  /**
   * Maximum nesting of the data of an error. Default 16. If exceeded, the error is sent without its data, and a warning is logged.
   */
  readonly errorDataDepth: number;
}

export const errorLimits: ErrorLimits = { errorDataBytes: 16_384, errorDataDepth: 16 };

/** Maximum length of the message of an error's cause, in characters. Default 1,000. If exceeded, the rest is omitted. */
export const ERROR_CAUSE_LENGTH = 1000;

/** Maximum length of a version, in characters. Default 256. If exceeded, the version is invalid. */
export const VERSION_LENGTH = 256;

/** Maximum length of a version constraint, in characters. Default 1,024. If exceeded, the query is invalid. */
export const CONSTRAINT_LENGTH = 1024;

/** Maximum number of parts of a version constraint. Default 16. If exceeded, the query is invalid. */
export const CONSTRAINT_PARTS = 16;

/**
 * Maximum length of the fields of a query that are globs, in characters, together. Default 256. If exceeded, the query is
 * invalid.
 */
export const GLOBS_LENGTH = 256;

/**
 * Maximum length of a peer's text that an error message quotes, in characters. Default 100. If exceeded, the rest is omitted.
 */
export const QUOTED_LENGTH = 100;

/** Maximum number of extensions that a peer can name. Default 64. If exceeded, the rest is ignored. */
export const EXTENSIONS_COUNT = 64;

/** Maximum length of the name of an extension, in characters. Default 32. If exceeded, the name is ignored. */
export const EXTENSION_LENGTH = 32;

/** Maximum length of a `traceparent`, in characters. Default 128. If exceeded, the trace of the call is ignored. */
export const TRACEPARENT_LENGTH = 128;

/** Maximum length of a `tracestate`, in characters. Default 512. If exceeded, it is ignored. */
export const TRACESTATE_LENGTH = 512;
