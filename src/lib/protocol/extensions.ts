import { EXTENSION_LENGTH, EXTENSIONS_COUNT } from './protocol-limits.js';

/**
 * The extensions of the protocol on which the two ends of a connection agree. Each side names those that it speaks in its first
 * call or answer, and uses those that the other side has named.
 */
export const EXTENSIONS = [
  'cancel',
  'deadline',
  'stream',
  'bytes',
  'values',
  'trace',
  'metadata',
  'draining',
  'callbackResults',
  'errors',
] as const;

export type Extension = (typeof EXTENSIONS)[number];

/** The extensions that this version of the library speaks, in the order in which it names them. */
export const SPOKEN_EXTENSIONS: readonly Extension[] = [
  'cancel',
  'deadline',
  'stream',
  'bytes',
  'values',
  'trace',
  'metadata',
  'draining',
  'callbackResults',
  'errors',
];

/** The extensions that a peer speaks. */
export type ExtensionSet = ReadonlySet<Extension>;

/** The extensions of a peer that has named none, such as a kite of another implementation. */
export const NO_EXTENSIONS: ExtensionSet = new Set();

const known: ReadonlySet<unknown> = new Set(EXTENSIONS);

/** What nearly all peers speak: one set for all of their connections. */
const SPOKEN: ExtensionSet = new Set(SPOKEN_EXTENSIONS);

/**
 * Reads the list of extensions that a peer has sent. Ignores unknown names, values that are not names, and what is beyond the
 * limits, so that later versions can add names. Never throws.
 */
export function parseExtensions(value: unknown): ExtensionSet {
  if (!Array.isArray(value)) return NO_EXTENSIONS;
  if (isSpokenList(value)) return SPOKEN;
  const names = value.slice(0, EXTENSIONS_COUNT).filter(isKnown);
  return names.length === 0 ? NO_EXTENSIONS : new Set(names);
}

function isSpokenList(list: readonly unknown[]): boolean {
  return (
    list.length === SPOKEN_EXTENSIONS.length && SPOKEN_EXTENSIONS.every((name, index) => name === list[index])
  );
}

function isKnown(name: unknown): name is Extension {
  // A set computes a hash of the whole text.
  return typeof name === 'string' && name.length <= EXTENSION_LENGTH && known.has(name);
}
