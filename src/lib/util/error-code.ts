/** Returns the code of a thrown value, such as `ENOENT`. Never throws, also if reading the code does. */
export function errorCode(error: unknown): string | undefined {
  try {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}
