import { kontrolStartSettings } from '../settings/kontrol-start-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { storageSettings } from '../settings/storage-settings.js';

/** The flags that say where the store is: for every command that opens it. */
export const storageFlags = flagsOf(storageSettings);

/** The flags of `kontrol start`. */
export const startFlags = flagsOf(kontrolStartSettings);
