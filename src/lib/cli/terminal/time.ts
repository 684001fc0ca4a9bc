/** Formats a time in milliseconds since 1970 as ISO 8601. */
export function formatTime(at: number | undefined): string {
  if (at === undefined) return 'not set';
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'invalid time' : date.toISOString();
}
