/** What somebody threw, in words: the message of an error, or whatever else it is as a string. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
