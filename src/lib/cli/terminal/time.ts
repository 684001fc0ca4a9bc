/** A moment in milliseconds since 1970, as people and programs both read it; what is none says so. */
export function formatTime(at: number | undefined): string {
  if (at === undefined) return 'not said';
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'not a time' : date.toISOString();
}
