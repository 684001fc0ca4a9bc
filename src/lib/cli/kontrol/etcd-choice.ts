import type { EtcdConfig } from '../../kontrol.js';
import { usageError } from '../runtime/cli-error.js';
import { settingLabel } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { storageSecrets, storageSettings } from '../settings/storage-settings.js';
import { namedPem } from './named-file.js';
import type { StorageSecrets } from './storage-secrets.js';

const { machines, 'etcd-ca': etcdCa, 'etcd-cert': etcdCert, 'etcd-key': etcdKey } = storageSettings;

/**
 * The etcd cluster that the settings describe. Files that they name are read.
 *
 * @throws CliError or ConfigurationError where something is missing or wrong
 */
export function etcdChoice(settings: CommandSettings, secrets: StorageSecrets): EtcdConfig {
  const urls = machinesOf(settings.value(machines));
  const [ca, certificate, key] = [settings.value(etcdCa), settings.value(etcdCert), settings.value(etcdKey)];
  if ((ca ?? certificate ?? key) !== undefined && !urls.some((url) => url.startsWith('https:'))) {
    throw usageError(
      `Certificates for etcd are given, and ${settingLabel(machines)} has no member with https://.`,
      'Write the URLs of members that take TLS with https://.',
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    const [there, missing] = key === undefined ? [etcdCert, etcdKey] : [etcdKey, etcdCert];
    throw usageError(
      `${settingLabel(there)} is given without ${settingLabel(missing)}.`,
      `Add --${missing.flag.name} PATH.`,
    );
  }
  return {
    kind: 'etcd',
    machines: urls,
    ...loginOf(settings),
    ...(ca !== undefined && { ca: namedPem(ca, etcdCa, 'CERTIFICATE') }),
    ...(certificate !== undefined && { certificate: namedPem(certificate, etcdCert, 'CERTIFICATE') }),
    ...(key !== undefined && { privateKey: namedPem(key, etcdKey, 'PRIVATE KEY') }),
    ...secrets,
  };
}

/** The Go implementation writes members as `//host:port`. */
function machinesOf(text: string): string[] {
  const members = text
    .split(',')
    .map((machine) => machine.trim())
    .filter((machine) => machine !== '');
  return members.map((machine) => {
    // What stands before an @ may be a password.
    if (machine.includes('@')) {
      throw usageError(
        `${settingLabel(machines)} names a user.`,
        'Say who Kontrol is with KONTROL_ETCD_USERNAME and KONTROL_ETCD_PASSWORD.',
      );
    }
    const url = machine.startsWith('//')
      ? `http:${machine}`
      : /^https?:\/\//.test(machine)
        ? machine
        : `http://${machine}`;
    if (URL.canParse(url)) return url;
    throw usageError(`${settingLabel(machines)} has no host and port: ${machine}`);
  });
}

function loginOf(settings: CommandSettings): { readonly user?: string; readonly password?: string } {
  const user = settings.value(storageSecrets.etcdUsername);
  const password = settings.value(storageSecrets.etcdPassword);
  if (user !== undefined) return { user, password: password ?? '' };
  if (password === undefined) return {};
  throw usageError(
    'KONTROL_ETCD_PASSWORD is set without KONTROL_ETCD_USERNAME.',
    'Set both, or none where etcd knows no users.',
  );
}
