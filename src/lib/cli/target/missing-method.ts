import type { Client } from '../../index.js';
import { isKiteError } from '../../protocol/errors.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** Throws `error`, or if the server has no such method, an error with a message that says so and what to do instead. */
export function rethrowNotOffered(error: unknown, message: string, hint: string): never {
  if (!isKiteError(error, 'methodNotFound')) throw error;
  throw notOffered(message, hint, error);
}

/** Returns the error for something that this server does not offer. */
export function notOffered(message: string, hint: string, cause: unknown): CliError {
  return new CliError(message, { exitCode: ExitCode.noSuchMethod, type: 'methodNotFound', hint, cause });
}

/** Whether a Kontrol is of the Go implementation, which does not describe its methods. */
export async function isGoKontrol(client: Pick<Client, 'call'>): Promise<boolean> {
  try {
    await client.call<unknown, string>('kite.describe', []);
    return false;
  } catch (error) {
    return isKiteError(error, 'methodNotFound');
  }
}
