import type { KiteKey } from '../../keys/index.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { configurationError } from '../runtime/cli-error.js';
import type { NamedContext } from './contexts.js';

const [KEY_VARIABLE] = kiteSettings.kiteKey.variables;

/** Where a kite key is kept. */
export type KeyLocation =
  | { readonly type: 'variable' }
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'keychain'; readonly account: string };

/** How the keychain shows the key of a user at a Kontrol. */
export function keychainAccount({ username, kontrolUrl }: Pick<KiteKey, 'username' | 'kontrolUrl'>): string {
  return `${username}@${kontrolUrl}`;
}

/** Where a context says that its kite key is. Undefined: it does not say. */
export function locationInContext({ name, context }: NamedContext): KeyLocation | undefined {
  const { keyStore, keyFile, username, kontrol } = context;
  if (keyStore !== 'keychain') return keyFile === undefined ? undefined : { type: 'file', file: keyFile };
  const kontrolUrl = kontrol?.split(',')[0]?.trim();
  if (username && kontrolUrl) return { type: 'keychain', account: keychainAccount({ username, kontrolUrl }) };
  throw configurationError(
    `The context ${name} keeps its kite key in the keychain, and does not say whose: user or Kontrol is missing.`,
    `Say it with: kitectl context add ${name} --force --kontrol URL --username NAME --key-store keychain`,
  );
}

/** A place for people. */
export function describeLocation(place: KeyLocation): string {
  switch (place.type) {
    case 'variable':
      return KEY_VARIABLE.name;
    case 'file':
      return place.file;
    case 'keychain':
      return `the keychain, as ${place.account}`;
  }
}

/** A place for programs. */
export function locationData(place: KeyLocation): Readonly<Record<string, string>> {
  switch (place.type) {
    case 'variable':
      return { variable: KEY_VARIABLE.name };
    case 'file':
      return { file: place.file };
    case 'keychain':
      return { keyStore: 'keychain', account: place.account };
  }
}
