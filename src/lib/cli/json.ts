// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const CONTROL = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A value as JSON on one line. What has no JSON form (`undefined`) is `null`, a function is `"[Function]"`. Characters
 * that would steer a terminal are escaped, which changes nothing for who parses it.
 */
export function toJson(value: unknown, indent?: number): string {
  const text: string | undefined = JSON.stringify(value, functionsAsText, indent);
  return (text ?? 'null').replace(
    CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function functionsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? '[Function]' : value;
}
