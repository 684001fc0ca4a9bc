/** Control characters outside ASCII; JSON escapes those within ASCII. */
// oxlint-disable-next-line no-control-regex -- matches control characters
export const CONTROL = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EVERY_CONTROL = new RegExp(CONTROL, 'g');

/**
 * Formats a value as JSON. `undefined` becomes `null`, and a function `"[Function]"`. Control characters are escaped, which does
 * not change the parsed value.
 */
export function toJson(value: unknown, indent?: number): string {
  const text: string | undefined = JSON.stringify(value, replaceFunctions, indent);
  return escapeControl(text ?? 'null');
}

/** Escapes control characters in the syntax of JSON and YAML. */
export function escapeControl(text: string): string {
  return text.replace(
    EVERY_CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Formats a string as one field of a line: escapes tabs, newlines and control characters, but not quotes. */
export function toField(text: string): string {
  return toJson(text)
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (pair, escaped) => (escaped === '"' ? '"' : pair));
}

function replaceFunctions(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? '[Function]' : value;
}
