import type { EtcdConfig } from '../../kontrol/storage/index.js';
import { usageError } from '../runtime/cli-error.js';
import { namedPem } from './named-file.js';
import { said, type Secrets, type Setting } from './storage-setting.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The etcd cluster that flags and variables name. Files that they name are read.
 *
 * @throws CliError where something is missing or wrong
 */
export function etcdChoice(text: Setting, env: Environment, secret: Secrets): EtcdConfig {
  const machines = machinesOf(text('machines'));
  const [ca, certificate, key] = [text('etcd-ca'), text('etcd-cert'), text('etcd-key')];
  if ((ca ?? certificate ?? key) !== undefined && !machines.some((url) => url.startsWith('https:'))) {
    throw usageError(
      `Certificates for etcd are given, and ${said('machines')} names no member with https://.`,
      'Write the URLs of members that take TLS with https://.',
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    const [there, missing] = key === undefined ? ['etcd-cert', 'etcd-key'] : ['etcd-key', 'etcd-cert'];
    throw usageError(`${said(there)} is given without ${said(missing)}.`, `Add --${missing} PATH.`);
  }
  return {
    kind: 'etcd',
    machines,
    ...loginOf(env),
    ...(ca !== undefined && { ca: namedPem(ca, 'etcd-ca', 'CERTIFICATE') }),
    ...(certificate !== undefined && { certificate: namedPem(certificate, 'etcd-cert', 'CERTIFICATE') }),
    ...(key !== undefined && { privateKey: namedPem(key, 'etcd-key', 'PRIVATE KEY') }),
    ...secret,
  };
}

/** The reference writes members as `//host:port`. */
function machinesOf(text: string | undefined): string[] {
  const machines = (text ?? 'http://127.0.0.1:2379')
    .split(',')
    .map((machine) => machine.trim())
    .filter((machine) => machine !== '');
  return machines.map((machine) => {
    // What stands before an @ may be a password.
    if (machine.includes('@')) {
      throw usageError(
        `${said('machines')} names a user.`,
        'Say who Kontrol is with KONTROL_ETCD_USERNAME and KONTROL_ETCD_PASSWORD.',
      );
    }
    const url = machine.startsWith('//')
      ? `http:${machine}`
      : /^https?:\/\//.test(machine)
        ? machine
        : `http://${machine}`;
    if (URL.canParse(url)) return url;
    throw usageError(`${said('machines')} names no host and port: ${machine}`);
  });
}

function loginOf(env: Environment): { readonly user?: string; readonly password?: string } {
  const [user, password] = [env['KONTROL_ETCD_USERNAME'], env['KONTROL_ETCD_PASSWORD']];
  if (user) return { user, password: password ?? '' };
  if (!password) return {};
  throw usageError(
    'KONTROL_ETCD_PASSWORD is set without KONTROL_ETCD_USERNAME.',
    'Set both, or none where etcd knows no users.',
  );
}
