/** Returns the message of anything that was thrown, also of values that throw when they are read. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'unknown error';
  }
}

/** Returns the name and the message of anything that was thrown, such as `TypeError: it broke`. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'unknown error';
  }
}

/** Returns the stack of an error, or the text of anything else that was thrown. Never throws. */
export function stackOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown);
  } catch {
    return 'unknown error';
  }
}

/** Returns an error as it is, and anything else that was thrown as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
