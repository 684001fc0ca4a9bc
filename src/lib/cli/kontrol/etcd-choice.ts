import type { EtcdConfig } from '../../kontrol.js';
import { usageError } from '../runtime/cli-error.js';
import { settingLabel } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSecrets, storageSettings } from '../settings/storage-settings.js';
import { readSettingPem } from '../target/setting-file.js';
import type { StorageSecrets } from './storage-secrets.js';

const { machines, 'etcd-ca': etcdCa, 'etcd-cert': etcdCert, 'etcd-key': etcdKey } = storageSettings;

/**
 * Returns the configuration of the etcd cluster, including the content of the certificate files.
 *
 * @throws CliError or ConfigurationError if a setting is missing or invalid, or if a file cannot be read
 */
export function etcdConfigOf(settings: CommandSettings, secrets: StorageSecrets): EtcdConfig {
  const urls = parseMembers(settings.value(machines));
  const [ca, certificate, key] = [settings.value(etcdCa), settings.value(etcdCert), settings.value(etcdKey)];
  if ((ca ?? certificate ?? key) !== undefined && !urls.some((url) => url.startsWith('https:'))) {
    throw usageError(
      `Certificates for etcd are set, but no URL in ${settingLabel(machines)} starts with https://.`,
      'Use https:// for the members that require TLS.',
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    const [present, missing] = key === undefined ? [etcdCert, etcdKey] : [etcdKey, etcdCert];
    throw usageError(
      `${settingLabel(present)} is set without ${settingLabel(missing)}.`,
      `Add --${missing.flag.name} PATH.`,
    );
  }
  return {
    type: 'etcd',
    machines: urls,
    ...etcdCredentials(settings),
    ...(ca !== undefined && { ca: readSettingPem(ca, etcdCa, 'CERTIFICATE') }),
    ...(certificate !== undefined && { certificate: readSettingPem(certificate, etcdCert, 'CERTIFICATE') }),
    ...(key !== undefined && { privateKey: readSettingPem(key, etcdKey, 'PRIVATE KEY') }),
    ...secrets,
  };
}

/** Parses the URLs of members, including the form `//host:port` of the Go implementation. */
function parseMembers(text: string): string[] {
  const members = text
    .split(',')
    .map((machine) => machine.trim())
    .filter((machine) => machine !== '');
  return members.map((machine) => {
    // The URL is not in the message because it may contain a password.
    if (machine.includes('@')) {
      throw usageError(
        `${settingLabel(machines)} must not contain credentials.`,
        'Set KONTROL_ETCD_USERNAME and KONTROL_ETCD_PASSWORD instead.',
      );
    }
    const url = machine.startsWith('//')
      ? `http:${machine}`
      : /^https?:\/\//.test(machine)
        ? machine
        : `http://${machine}`;
    if (URL.canParse(url)) return url;
    throw usageError(`Invalid URL in ${settingLabel(machines)}: ${machine}`);
  });
}

function etcdCredentials(settings: CommandSettings): { readonly user?: string; readonly password?: string } {
  const user = settings.value(storageSecrets.etcdUsername);
  const password = settings.value(storageSecrets.etcdPassword);
  if (user !== undefined) return { user, password: password ?? '' };
  if (password === undefined) return {};
  throw usageError(
    'KONTROL_ETCD_PASSWORD is set without KONTROL_ETCD_USERNAME.',
    'Set both, or neither if etcd does not require authentication.',
  );
}
