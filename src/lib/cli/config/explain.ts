import { isKiteError } from '../../protocol/errors.js';
import { isCliError } from '../runtime/cli-error.js';
import { findKey, type FoundKey, type KeyChoice } from '../target/find-key.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import { type Setting, type SettingFlags, settingsOf } from '../target/settings.js';

/** Prints each setting, its value, and what says so. */
export async function explain(
  flags: SettingFlags,
  format: OutputFormat | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const { env } = surroundings;
  await printList(settingsOf(flags, env, await keyOrProblem(flags, env)), settings, format, surroundings);
}

const settings: Listing<Setting> = {
  columns: [
    { heading: 'setting', text: ({ setting }) => setting },
    { heading: 'value', text: ({ value }) => value },
    { heading: 'from', text: ({ source }) => source },
  ],
  data: (setting) => setting,
  name: ({ setting }) => setting,
};

/** A key that cannot be read is a thing to explain, and no reason to explain nothing. */
async function keyOrProblem(
  choice: KeyChoice,
  env: Surroundings['env'],
): Promise<FoundKey | { readonly problem: string } | undefined> {
  try {
    return await findKey(choice, env);
  } catch (error) {
    if (isCliError(error) || isKiteError(error)) return { problem: error.message };
    throw error;
  }
}
