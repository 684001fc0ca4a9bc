import { join } from 'node:path';
import type { StorageConfig } from '../../kontrol/storage/index.js';
import { usageError } from '../cli-error.js';
import { portOf, said, type Setting } from './setting.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The store that `--storage` and its settings describe.
 *
 * @throws CliError where something is missing or wrong
 */
export function storageChoice(text: Setting, env: Environment, home: string): StorageConfig {
  const kind = text('storage') ?? 'file';
  const secret = env['KONTROL_SECRET'] ? { secret: env['KONTROL_SECRET'] } : {};
  switch (kind) {
    case 'memory':
      return { kind };
    case 'file':
      return { kind, folder: text('data') ?? join(home, 'data') };
    case 'postgres':
      return {
        kind,
        host: text('postgres-host') ?? '127.0.0.1',
        port: portOf(text('postgres-port'), 'postgres-port', 5432),
        user: required(text, 'postgres-username'),
        password: text('postgres-password') ?? '',
        database: required(text, 'postgres-dbname'),
        connectTimeout: seconds(text('postgres-connecttimeout'), 20) * 1000,
        ...secret,
      };
    case 'etcd':
      return { kind, machines: machinesOf(text('machines')), ...etcdLogin(env), ...secret };
    default:
      throw usageError(`${said('storage')} must be file, memory, postgres or etcd, not ${kind}.`);
  }
}

function required(text: Setting, name: 'postgres-username' | 'postgres-dbname'): string {
  const value = text(name);
  if (value !== undefined) return value;
  throw usageError(`With --storage postgres, ${said(name)} must be given.`);
}

function seconds(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw usageError(`${said('postgres-connecttimeout')} must be a number of seconds, not ${text}.`);
}

/** The reference writes members as `//host:port`. */
function machinesOf(text: string | undefined): string[] {
  const machines = (text ?? 'http://127.0.0.1:2379')
    .split(',')
    .map((machine) => machine.trim())
    .filter((machine) => machine !== '');
  return machines.map((machine) => {
    const url = machine.startsWith('//')
      ? `http:${machine}`
      : /^https?:\/\//.test(machine)
        ? machine
        : `http://${machine}`;
    if (URL.canParse(url)) return url;
    throw usageError(`${said('machines')} names no host and port: ${machine}`);
  });
}

function etcdLogin(env: Environment): { readonly user?: string; readonly password?: string } {
  const user = env['KONTROL_ETCD_USERNAME'];
  return user ? { user, password: env['KONTROL_ETCD_PASSWORD'] ?? '' } : {};
}
