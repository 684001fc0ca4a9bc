import type { PostgresConfig } from '../../kontrol.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSettings } from '../settings/storage-settings.js';
import { readSettingFile, readSettingPem } from '../target/setting-file.js';
import type { StorageSecrets } from './storage-secrets.js';

/**
 * Returns the configuration of the PostgreSQL database, including the content of the password and certificate files.
 *
 * @throws CliError or ConfigurationError if a setting is missing or invalid, or if a file cannot be read
 */
export function postgresConfigOf(settings: CommandSettings, secrets: StorageSecrets): PostgresConfig {
  const caFile = settings.value(storageSettings['postgres-ca']);
  const tls = settings.value(storageSettings['postgres-tls']);
  return {
    type: 'postgres',
    host: settings.value(storageSettings['postgres-host']),
    port: settings.value(storageSettings['postgres-port']),
    user: requireSetting(settings, storageSettings['postgres-username']),
    password: readPassword(settings),
    database: requireSetting(settings, storageSettings['postgres-dbname']),
    connectTimeout: settings.value(storageSettings['postgres-connecttimeout']) * 1000,
    ...(tls !== undefined && { tls }),
    ...(caFile !== undefined && { ca: readCertificates(caFile, tls) }),
    ...secrets,
  };
}

function requireSetting(settings: CommandSettings, setting: CliSetting<string, undefined>): string {
  const value = settings.value(setting);
  if (value !== undefined) return value;
  throw usageError(`--storage postgres requires ${settingLabel(setting)}.`);
}

function readPassword(settings: CommandSettings): string {
  const { 'postgres-password': passwordSetting, 'postgres-passwordfile': fileSetting } = storageSettings;
  const [password, file] = [settings.value(passwordSetting), settings.value(fileSetting)];
  if (file === undefined) return password ?? '';
  if (password !== undefined) {
    throw usageError(
      `${settingLabel(passwordSetting)} and ${settingLabel(fileSetting)} are mutually exclusive.`,
    );
  }
  const [first = ''] = readSettingFile(file, fileSetting).split(/\r?\n/);
  if (first === '')
    throw configurationError(`The first line of ${file} is empty.`, 'Write the password in the first line.');
  return first;
}

function readCertificates(file: string, tls: boolean | undefined): string {
  const { 'postgres-ca': ca, 'postgres-tls': encrypt } = storageSettings;
  if (tls === false) {
    throw usageError(
      `${settingLabel(ca)} is set, but ${settingLabel(encrypt)} disables TLS.`,
      'Remove one of them.',
    );
  }
  return readSettingPem(file, ca, 'CERTIFICATE');
}
