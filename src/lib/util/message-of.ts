/** Returns the message of anything that was thrown, also of values that throw when they are read. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'unknown error';
  }
}

/**
 * Returns what was thrown as a sentence if it has no message, such as `42 was thrown` or `TypeError without a message`. Never
 * throws.
 */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name || 'Error'} without a message`;
    if ((typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function')
      return `A value of type ${typeof thrown} was thrown`;
    return `${String(thrown) || 'An empty string'} was thrown`;
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

/** How many causes of an error are logged: a cause can be its own cause. */
const CAUSES = 5;

/** Returns the stack of an error and those of its causes, or the text of anything else that was thrown. Never throws. */
export function stackWithCauses(thrown: unknown): string {
  let text = stackOf(thrown);
  let error = thrown;
  for (let count = 0; count < CAUSES; count++) {
    error = causeOf(error);
    if (error === undefined) break;
    text += `\ncaused by: ${stackOf(error)}`;
  }
  return text;
}

function causeOf(thrown: unknown): unknown {
  try {
    return thrown instanceof Error ? thrown.cause : undefined;
  } catch {
    return undefined;
  }
}

/** Returns an error as it is, and anything else that was thrown as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
