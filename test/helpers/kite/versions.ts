import { parseVersion, type Version } from '../../../src/lib/protocol/version.js';

export function parsedVersion(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(`${text} is not a version`);
  return parsed;
}

/** Each text with a name that fits in a line. */
export function named(texts: readonly string[]): [name: string, text: string][] {
  return texts.map((text) => [JSON.stringify(text.slice(0, 30)), text]);
}
