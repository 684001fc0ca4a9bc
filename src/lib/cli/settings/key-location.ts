import type { KiteKey } from '../../keys/index.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { configurationError } from '../runtime/cli-error.js';
import type { NamedContext } from './contexts.js';

const [KEY_VARIABLE] = kiteSettings.kiteKey.variables;

/** Where a kite key is stored. */
export type KeyLocation =
  | { readonly type: 'variable' }
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'keychain'; readonly account: string };

/** Returns the account in the keychain for the key of a user at a Kontrol. */
export function keychainAccount({ username, kontrolUrl }: Pick<KiteKey, 'username' | 'kontrolUrl'>): string {
  return `${username}@${kontrolUrl}`;
}

/**
 * Returns the location of the kite key of a context, or undefined if the context does not define it.
 *
 * @throws CliError if the key is in the keychain, and the context has no user or no Kontrol
 */
export function locationInContext({ name, context }: NamedContext): KeyLocation | undefined {
  const { keyStore, keyFile, username, kontrol } = context;
  if (keyStore !== 'keychain') return keyFile === undefined ? undefined : { type: 'file', file: keyFile };
  const kontrolUrl = kontrol?.split(',')[0]?.trim();
  if (username && kontrolUrl) return { type: 'keychain', account: keychainAccount({ username, kontrolUrl }) };
  throw configurationError(
    `The context ${name} uses the keychain, but has no user or no Kontrol.`,
    `Set them with: kitectl context add ${name} --force --kontrol URL --username NAME --key-store keychain`,
  );
}

/** Formats a location for messages. */
export function describeLocation(location: KeyLocation): string {
  switch (location.type) {
    case 'variable':
      return KEY_VARIABLE.name;
    case 'file':
      return location.file;
    case 'keychain':
      return `the keychain, as ${location.account}`;
  }
}

/** Formats a location for JSON output. */
export function locationData(location: KeyLocation): Readonly<Record<string, string>> {
  switch (location.type) {
    case 'variable':
      return { variable: KEY_VARIABLE.name };
    case 'file':
      return { file: location.file };
    case 'keychain':
      return { keyStore: 'keychain', account: location.account };
  }
}
