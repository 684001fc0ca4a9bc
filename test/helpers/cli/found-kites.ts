import { CliError } from '../../../src/lib/cli/runtime/cli-error.js';
import type { FoundKite } from '../../../src/lib/cli/target/discovery.js';

export function found(name: string): FoundKite {
  const kite = {
    username: 'bob',
    environment: 'prod',
    name,
    version: '1.0.0',
    region: 'eu',
    hostname: 'vm',
    id: `id-${name}`,
  };
  return { kite, url: `http://${name}/kite`, token: `token-${name}` };
}

export async function failureOf(promise: Promise<unknown>): Promise<CliError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CliError) return error;
  throw new Error(`no CliError: ${String(error)}`);
}
