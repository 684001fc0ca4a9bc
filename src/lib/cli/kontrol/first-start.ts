import { join } from 'node:path';
import { kiteKeyPath } from '../../keys/index.js';
import { usageError } from '../runtime/cli-error.js';
import { pathExists } from '../runtime/path-exists.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { choose, confirm } from '../terminal/prompt.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { defaultKeyFiles } from './initial.js';
import type { StartOptions } from './kontrol-start-options.js';

/**
 * Asks a person, at the first start of a Kontrol, what would be decided for them: whether to make what is missing, and
 * where to keep Kontrol's own kite key. A program gets what is decided without asking.
 *
 * @throws CliError where they want nothing to be made
 */
export async function askAtFirstStart<
  Options extends StartOptions & { readonly format: OutputFormat | undefined },
>(options: Options, runtime: CommandRuntime): Promise<Options> {
  const { home, storage, keyStore, format } = options;
  if (!canPrompt(runtime) || format !== undefined) return options;
  const made = [kiteKeyPath(home), defaultKeyFiles(home).privateKey, join(home, 'data')];
  for (const path of made) if (await pathExists(path)) return options;
  const kept = storage.kind === 'file' ? `its data in ${storage.folder}` : `its keys in ${home}`;
  const question = `Kontrol has not run here before. Make its keys, and keep ${kept}?`;
  if (!(await confirm(question, true, runtime))) {
    throw usageError(
      'Kontrol did not start: nothing was made.',
      'Choose another store with --storage or --data.',
    );
  }
  if (keyStore !== undefined) return options;
  const places = [`in a file: ${kiteKeyPath(home)}`, 'in the keychain, with the passwords of your desktop'];
  const place = await choose("Where to keep Kontrol's own kite key?", places, runtime);
  return { ...options, keyStore: place === 0 ? 'file' : 'keychain' };
}
