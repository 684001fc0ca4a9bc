import type { PostgresConfig } from '../../kontrol/storage/index.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { namedFile, namedPem } from './named-file.js';
import { portOf, said, type Secrets, type Setting } from './storage-setting.js';

/**
 * The PostgreSQL database that flags and variables name. Files that they name are read.
 *
 * @throws CliError where something is missing or wrong
 */
export function postgresChoice(text: Setting, tls: boolean | undefined, secret: Secrets): PostgresConfig {
  const caFile = text('postgres-ca');
  return {
    kind: 'postgres',
    host: text('postgres-host') ?? '127.0.0.1',
    port: portOf(text('postgres-port'), 'postgres-port', 5432),
    user: required(text, 'postgres-username'),
    password: passwordOf(text),
    database: required(text, 'postgres-dbname'),
    connectTimeout: seconds(text('postgres-connecttimeout'), 20) * 1000,
    ...(tls !== undefined && { tls }),
    ...(caFile !== undefined && { ca: certificatesOf(caFile, tls) }),
    ...secret,
  };
}

function required(text: Setting, name: 'postgres-username' | 'postgres-dbname'): string {
  const value = text(name);
  if (value !== undefined) return value;
  throw usageError(`With --storage postgres, ${said(name)} must be given.`);
}

function passwordOf(text: Setting): string {
  const file = text('postgres-passwordfile');
  const password = text('postgres-password');
  if (file === undefined) return password ?? '';
  if (password !== undefined) {
    throw usageError(
      `Both ${said('postgres-password')} and ${said('postgres-passwordfile')} are given: one of them is enough.`,
    );
  }
  const [first = ''] = namedFile(file, 'postgres-passwordfile').split(/\r?\n/);
  if (first === '')
    throw configurationError(`The file ${file} begins with no password.`, 'Put it in the first line.');
  return first;
}

function certificatesOf(file: string, tls: boolean | undefined): string {
  if (tls === false) {
    throw usageError(
      `${said('postgres-ca')} is given, and TLS is switched off by ${said('postgres-tls')}.`,
      'Leave out one of them.',
    );
  }
  return namedPem(file, 'postgres-ca', 'CERTIFICATE');
}

function seconds(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw usageError(`${said('postgres-connecttimeout')} must be a number of seconds, not ${text}.`);
}
