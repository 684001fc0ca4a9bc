import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import type { StorageConfig } from '../../kontrol/storage/index.js';
import { usageError } from '../runtime/cli-error.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSecrets, storageSettings } from '../settings/storage-settings.js';
import { etcdChoice } from './etcd-choice.js';
import { postgresChoice } from './postgres-choice.js';

/** What private keys in a store are encrypted with. */
export interface Secrets {
  readonly secret?: string;
  readonly formerSecret?: string;
}

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

function secretsOf(settings: CommandSettings): Secrets {
  const secret = settings.value(storageSecrets.secret);
  const formerSecret = settings.value(storageSecrets.formerSecret);
  if (secret !== undefined) return { secret, ...(formerSecret !== undefined && { formerSecret }) };
  if (formerSecret === undefined) return {};
  throw usageError(
    'KONTROL_FORMER_SECRET is set without KONTROL_SECRET.',
    'Set KONTROL_SECRET to the secret that takes its place.',
  );
}
