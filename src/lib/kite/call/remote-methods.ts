/** The language itself calls these, for example when an object is awaited, written as JSON or concatenated. */
const LANGUAGE_NAMES: ReadonlySet<unknown> = new Set(['then', 'toJSON', 'toString', 'valueOf']);

/** Returns an object whose properties call the methods of a peer. Reading a property sends nothing. */
export function remoteMethods(tell: (method: string, args: unknown[]) => Promise<unknown>): object {
  // Assigning to a property of a frozen object throws.
  return new Proxy(Object.freeze(Object.create(null) as object), {
    get: (_target, name) =>
      typeof name === 'string' && !LANGUAGE_NAMES.has(name)
        ? (...args: unknown[]) => tell(name, args)
        : undefined,
  });
}
