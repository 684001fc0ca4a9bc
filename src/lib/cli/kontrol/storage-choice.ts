import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { StorageConfig } from '../../kontrol.js';
import type { CliSettings } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { usageError } from '../runtime/cli-error.js';
import { storageSettings } from '../settings/storage-settings.js';
import { etcdConfigOf } from './etcd-choice.js';
import { postgresConfigOf } from './postgres-choice.js';
import { storageSecretsOf } from './storage-secrets.js';

/** The storage that a flag is for, by the beginning of its name. The others are for every storage. */
const OWNERS = [
  ['data', 'file'],
  ['machines', 'etcd'],
  ['etcd-', 'etcd'],
  ['postgres-', 'postgres'],
] as const;

/** @throws CliError for a flag that the storage would ignore. A variable may be set for other commands. */
function refuseFlagsOfOthers(settings: CommandSettings, type: StorageConfig['type']): void {
  const all: CliSettings = storageSettings;
  for (const [name, setting] of Object.entries(all)) {
    const [, owner = type] = OWNERS.find(([beginning]) => name.startsWith(beginning)) ?? [];
    if (owner === type || settings.resolve(setting).source.type !== 'flag') continue;
    throw usageError(
      `--${name} is a flag of the storage ${owner}, and this is the storage ${type}.`,
      `Remove --${name}, or use --storage ${owner}.`,
    );
  }
}

/**
 * Returns the configuration of the storage that the settings select.
 *
 * @throws CliError or ConfigurationError if a setting is missing or invalid
 */
export function storageConfigOf(settings: CommandSettings): StorageConfig {
  const type = settings.value(storageSettings.storage);
  refuseFlagsOfOthers(settings, type);
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
