import { join } from 'node:path';
import { kiteKeyPath } from '../../keys/index.js';
import { usageError } from '../runtime/cli-error.js';
import { pathExists } from '../runtime/path-exists.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { choose, confirm } from '../terminal/prompt.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { defaultKeyFiles } from './initial.js';
import type { KontrolStartOptions } from './kontrol-start-options.js';

/**
 * Prompts at the first start of Kontrol whether to create its keys and where to store its own kite key. Without a terminal
 * or with a format, returns the options unchanged.
 *
 * @throws CliError if the user declines
 */
export async function promptAtFirstStart<
  Options extends KontrolStartOptions & { readonly format: OutputFormat | undefined },
>(options: Options, runtime: CommandRuntime): Promise<Options> {
  const { home, storage, keyStore, format } = options;
  if (!canPrompt(runtime) || format !== undefined) return options;
  const files = [kiteKeyPath(home), defaultKeyFiles(home).privateKey, join(home, 'data')];
  for (const path of files) if (await pathExists(path)) return options;
  const stored = storage.type === 'file' ? `its data in ${storage.folder}` : `them in ${home}`;
  const question = `This is the first start of Kontrol. Create its keys, and store ${stored}?`;
  if (!(await confirm(question, true, runtime))) {
    throw usageError(
      'Kontrol did not start; nothing was created.',
      'Select another storage with --storage or --data.',
    );
  }
  if (keyStore !== undefined) return options;
  const locations = [`in a file: ${kiteKeyPath(home)}`, 'in the keychain of your desktop'];
  const location = await choose("Where should Kontrol's own kite key be stored?", locations, runtime);
  return { ...options, keyStore: location === 0 ? 'file' : 'keychain' };
}
