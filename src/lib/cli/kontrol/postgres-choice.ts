import { readFileSync } from 'node:fs';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import type { PostgresConfig } from '../../kontrol/storage/index.js';
import { configurationError, usageError } from '../cli-error.js';
import { portOf, said, type Setting } from './setting.js';

/** Characters of the longest password and the largest set of certificates that are read. */
const MAX_FILE = 1024 * 1024;

/**
 * The PostgreSQL database that flags and variables name. Files that they name are read.
 *
 * @throws CliError where something is missing or wrong
 */
export function postgresChoice(
  text: Setting,
  tls: boolean | undefined,
  secret: { readonly secret?: string },
): PostgresConfig {
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
  const [first = ''] = fileOf(file, 'postgres-passwordfile').split(/\r?\n/);
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
  const pem = fileOf(file, 'postgres-ca');
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw configurationError(
    `There is no certificate in ${file}.`,
    'It must be PEM: -----BEGIN CERTIFICATE-----',
  );
}

function fileOf(file: string, name: 'postgres-ca' | 'postgres-passwordfile'): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'it is not there' : reasonOf(error);
    throw configurationError(`The file ${file} cannot be read: ${reason}.`, `It is named by ${said(name)}.`);
  }
  if (content.length <= MAX_FILE) return content;
  throw configurationError(`The file ${file} is too long.`, `It is named by ${said(name)}.`);
}

function seconds(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw usageError(`${said('postgres-connecttimeout')} must be a number of seconds, not ${text}.`);
}
