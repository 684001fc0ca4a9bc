/** Returns a value of a peer as a record. Returns an empty record if it is not an object. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Returns a value if it is an object and not an array, as in JSON. Otherwise returns undefined. */
export function jsonObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return Array.isArray(value) || typeof value !== 'object' || value === null
    ? undefined
    : (value as Record<string, unknown>);
}
