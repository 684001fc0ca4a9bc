import { isStorageError } from '../../kontrol/storage/shared/storage.js';
import { toCliError } from '../frame/failures.js';
import { flagOrVariable } from '../settings/cli-setting.js';
import { storageSettings } from '../settings/storage-settings.js';

/** Returns a StorageError as a CliError with a hint that names flags of the command. Returns any other error unchanged. */
export function withStorageHint(error: unknown): unknown {
  if (!isStorageError(error)) return error;
  const store = flagOrVariable(storageSettings.storage);
  const hints = {
    broken: `Restore a backup, or choose another store with ${store}.`,
    locked: `Stop the other Kontrol, or choose another folder with ${flagOrVariable(storageSettings.data)}.`,
    unavailable: `Check that the store is running and that its settings are correct, or choose another with ${store}.`,
  };
  return toCliError(error).with({ hint: hints[error.code] });
}
