import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { StorageConfig } from '../../kontrol.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { etcdChoice } from './etcd-choice.js';
import { postgresChoice } from './postgres-choice.js';
import { secretsOf } from './storage-secrets.js';

/**
 * The store that the settings describe.
 *
 * @throws CliError or ConfigurationError where something is missing or wrong
 */
export function storageChoice(settings: CommandSettings): StorageConfig {
  const kind = settings.value(storageSettings.storage);
  const secrets = secretsOf(settings);
  switch (kind) {
    case 'memory':
      return { kind };
    case 'file': {
      const folder = settings.value(storageSettings.data);
      return { kind, folder: folder ?? join(kiteHome(settings.env), 'kontrol', 'data') };
    }
    case 'postgres':
      return postgresChoice(settings, secrets);
    case 'etcd':
      return etcdChoice(settings, secrets);
  }
}
