/** Characters beyond ASCII that would steer a terminal; JSON escapes those within it. */
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
export const CONTROL = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EVERY_CONTROL = new RegExp(CONTROL, 'g');

/**
 * A value as JSON on one line. What has no JSON form (`undefined`) is `null`, a function is `"[Function]"`. Characters
 * that would steer a terminal are escaped, which changes nothing for who parses it.
 */
export function toJson(value: unknown, indent?: number): string {
  const text: string | undefined = JSON.stringify(value, replaceFunctions, indent);
  return escapeControl(text ?? 'null');
}

/** Text in which what would steer a terminal is written as JSON and YAML escape it. */
export function escapeControl(text: string): string {
  return text.replace(
    EVERY_CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text as one field of a line: without tabs and newlines, which would make several of it. Quotes stay as they are. */
export function toField(text: string): string {
  return toJson(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (pair, escaped) => (escaped === '"' ? '"' : pair));
}

function replaceFunctions(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? '[Function]' : value;
}
