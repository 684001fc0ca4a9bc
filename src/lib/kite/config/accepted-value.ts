/** A kind of value that a setting accepts: from an option of a program, or as the string of a flag or variable. */
export interface AcceptedValue<Value> {
  /** Describes the accepted values; completes the sentence "it must be …". */
  readonly description: string;
  /** Describes the accepted values of an option of a program, if they differ, such as a number of milliseconds. */
  readonly optionDescription?: string;
  /** An accepted string. */
  readonly example: string;
  /** All accepted strings, if there are only a few: for help and completion. */
  readonly choices?: readonly string[];
  /** What accepted strings can begin with: for completion, if there is no fixed set. */
  readonly beginnings?: readonly string[];
  /** Whether leading and trailing spaces belong to the value. Default: false. */
  readonly verbatim?: boolean;
  /**
   * Formats an accepted value for people, without a secret that it may contain. A value that is not accepted is then never shown.
   * Default: it is shown as it was written, without the password of a URL.
   */
  show?(value: Value): string;
  /** Returns the parsed value, or undefined if the value is not accepted. */
  parse(value: unknown): Value | undefined;
}
