import { StorageError } from '../../kontrol/storage/shared/storage.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** The error for a store that cannot be used. Undefined: `error` is not about the store. */
export function storageFailure(error: unknown): CliError | undefined {
  if (!(error instanceof StorageError)) return undefined;
  const unavailable = error.code === 'unavailable';
  return new CliError(error.message, {
    exitCode: unavailable ? ExitCode.unreachable : ExitCode.configuration,
    type: 'storage',
    code: error.code,
    hint: unavailable
      ? 'See that the store runs and that its settings are right, or choose another with --storage.'
      : 'Choose another store with --storage.',
    cause: error,
  });
}
