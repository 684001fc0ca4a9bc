import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { StorageConfig } from '../../kontrol.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { etcdConfigOf } from './etcd-choice.js';
import { postgresConfigOf } from './postgres-choice.js';
import { storageSecretsOf } from './storage-secrets.js';

/**
 * Returns the configuration of the storage that the settings select.
 *
 * @throws CliError or ConfigurationError if a setting is missing or invalid
 */
export function storageConfigOf(settings: CommandSettings): StorageConfig {
  const type = settings.value(storageSettings.storage);
  const secrets = storageSecretsOf(settings);
  switch (type) {
    case 'memory':
      return { type };
    case 'file': {
      const folder = settings.value(storageSettings.data);
      return { type, folder: folder ?? join(kiteHome(settings.env), 'kontrol', 'data') };
    }
    case 'postgres':
      return postgresConfigOf(settings, secrets);
    case 'etcd':
      return etcdConfigOf(settings, secrets);
  }
}
