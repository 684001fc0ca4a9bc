import type { PostgresConfig } from '../../kontrol.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { namedFile, namedPem } from './named-file.js';
import type { StorageSecrets } from './storage-secrets.js';

/**
 * The PostgreSQL database that the settings describe. Files that they name are read.
 *
 * @throws CliError or ConfigurationError where something is missing or wrong
 */
export function postgresChoice(settings: CommandSettings, secrets: StorageSecrets): PostgresConfig {
  const caFile = settings.value(storageSettings['postgres-ca']);
  const tls = settings.value(storageSettings['postgres-tls']);
  return {
    kind: 'postgres',
    host: settings.value(storageSettings['postgres-host']),
    port: settings.value(storageSettings['postgres-port']),
    user: required(settings, storageSettings['postgres-username']),
    password: passwordOf(settings),
    database: required(settings, storageSettings['postgres-dbname']),
    connectTimeout: settings.value(storageSettings['postgres-connecttimeout']) * 1000,
    ...(tls !== undefined && { tls }),
    ...(caFile !== undefined && { ca: certificatesOf(caFile, tls) }),
    ...secrets,
  };
}

function required(settings: CommandSettings, setting: CliSetting<string, undefined>): string {
  const value = settings.value(setting);
  if (value !== undefined) return value;
  throw usageError(`With --storage postgres, ${settingLabel(setting)} must be given.`);
}

function passwordOf(settings: CommandSettings): string {
  const { 'postgres-password': inClear, 'postgres-passwordfile': inFile } = storageSettings;
  const [password, file] = [settings.value(inClear), settings.value(inFile)];
  if (file === undefined) return password ?? '';
  if (password !== undefined) {
    throw usageError(
      `Both ${settingLabel(inClear)} and ${settingLabel(inFile)} are given: one of them is enough.`,
    );
  }
  const [first = ''] = namedFile(file, inFile).split(/\r?\n/);
  if (first === '')
    throw configurationError(`The file ${file} begins with no password.`, 'Put it in the first line.');
  return first;
}

function certificatesOf(file: string, tls: boolean | undefined): string {
  const { 'postgres-ca': ca, 'postgres-tls': encrypt } = storageSettings;
  if (tls === false) {
    throw usageError(
      `${settingLabel(ca)} is given, and TLS is switched off by ${settingLabel(encrypt)}.`,
      'Leave out one of them.',
    );
  }
  return namedPem(file, ca, 'CERTIFICATE');
}
