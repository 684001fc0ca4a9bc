import { join } from 'node:path';
import type { StorageConfig } from '../../kontrol/storage/index.js';
import { usageError } from '../runtime/cli-error.js';
import { etcdChoice } from './etcd-choice.js';
import { postgresChoice } from './postgres-choice.js';
import { said, type Secrets, type Setting } from './storage-setting.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Switches that nobody set are not there. */
export interface StorageSwitches {
  readonly 'postgres-tls'?: boolean | undefined;
}

/**
 * The store that `--storage` and its settings describe.
 *
 * @throws CliError where something is missing or wrong
 */
export function storageChoice(
  text: Setting,
  switches: StorageSwitches,
  env: Environment,
  home: string,
): StorageConfig {
  const kind = text('storage') ?? 'file';
  const secret = secretsOf(env);
  switch (kind) {
    case 'memory':
      return { kind };
    case 'file':
      return { kind, folder: text('data') ?? join(home, 'data') };
    case 'postgres':
      return postgresChoice(text, switches['postgres-tls'], secret);
    case 'etcd':
      return etcdChoice(text, env, secret);
    default:
      throw usageError(`${said('storage')} must be file, memory, postgres or etcd, not ${kind}.`);
  }
}

function secretsOf(env: Environment): Secrets {
  const [secret, formerSecret] = [env['KONTROL_SECRET'], env['KONTROL_FORMER_SECRET']];
  if (secret) return { secret, ...(formerSecret && { formerSecret }) };
  if (!formerSecret) return {};
  throw usageError(
    'KONTROL_FORMER_SECRET is set without KONTROL_SECRET.',
    'Set KONTROL_SECRET to the secret that takes its place.',
  );
}
