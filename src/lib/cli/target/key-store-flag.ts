import { string } from '@oclif/core/flags';
import { type KeyStore, keyStores } from './contexts.js';

/** The flag of every command that gets a kite key. */
export const keyStoreFlag = string({
  summary:
    'Where to keep the kite key: file, or keychain, with the passwords of your desktop. Default: the context, or file.',
  options: [...keyStores],
});

/** What the flag says, if anything. */
export function keyStoreOf(flag: string | undefined): KeyStore | undefined {
  return keyStores.find((name) => name === flag);
}
