/** A kind of value that a setting takes: from an option of a program, or as the text of a flag or a variable. */
export interface AcceptedValue<Value> {
  /** What is accepted, to end the sentence "it must be …". */
  readonly description: string;
  /** The same for an option of a program, where that takes something else, such as a number of milliseconds. */
  readonly optionDescription?: string;
  /** A text that is accepted. */
  readonly example: string;
  /** The values, where they are few: for help and completion. */
  readonly choices?: readonly string[];
  /** Whether spaces around a text belong to the value. Default false. */
  readonly verbatim?: boolean;
  /** Undefined: not accepted. */
  parse(value: unknown): Value | undefined;
}
