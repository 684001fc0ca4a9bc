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
  /** Returns the parsed value, or undefined if the value is not accepted. */
  parse(value: unknown): Value | undefined;
}
