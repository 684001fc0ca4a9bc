import { kontrolStartSettings } from '../settings/kontrol-start-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { storageSettings } from '../settings/storage-settings.js';

/** The flags that select the storage, for every command that opens it. */
export const storageFlags = flagsOf(storageSettings);

/** The flags of `kontrol start`. */
export const kontrolStartFlags = flagsOf(kontrolStartSettings);
