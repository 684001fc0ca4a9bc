import type { StorageConfig } from '../../kontrol.js';
import { isStorageError } from '../../kontrol/storage/shared/storage.js';
import { toCliError } from '../frame/failures.js';
import { flagOrVariable } from '../settings/cli-setting.js';
import { storageSettings } from '../settings/storage-settings.js';

/**
 * Returns a StorageError as a CliError with a hint that names flags of the command: that of the folder if the store `type` is one.
 * Returns any other error unchanged.
 */
export function withStorageHint(error: unknown, type: StorageConfig['type']): unknown {
  if (!isStorageError(error)) return error;
  const another =
    type === 'file'
      ? `another folder with ${flagOrVariable(storageSettings.data)}`
      : `another store with ${flagOrVariable(storageSettings.storage)}`;
  const check =
    type === 'file'
      ? 'Check the permissions and the free space of the folder'
      : 'Check that the store is running and that its settings are correct';
  const hints = {
    broken: `Restore a backup, or choose ${another}.`,
    locked: `Stop the other Kontrol, or choose ${another}.`,
    unavailable: `${check}, or choose ${another}.`,
  };
  return toCliError(error).with({ hint: hints[error.code] });
}
