import { usageError } from '../runtime/cli-error.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { PLAIN_URL } from '../settings/command-values.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { registerSettings } from '../settings/register-settings.js';
import { requireUrl } from '../target/target.js';
import { promptRequired } from '../terminal/prompt.js';

/**
 * Where a kite key is asked for, and for whom: what the settings say, else what the person says at the terminal.
 *
 * @throws CliError or ConfigurationError where one is not said and nobody can be asked, or where it is not accepted
 */
export async function registerTarget(
  given: CommandSettings,
  runtime: CommandRuntime,
): Promise<{ readonly to: string; readonly username: string }> {
  // A context that does not exist is made.
  const settings = given.withOptionalContext();
  const [url] = settings.value(commonSettings.kontrol);
  const to = url ?? requireUrl(await askUrl(runtime), 'The answer');
  const username = settings.value(registerSettings.username) ?? (await askUsername(runtime));
  if (username.includes('/')) throw usageError(`A user name contains no "/": ${username}`);
  return { to, username };
}

async function askUrl(runtime: CommandRuntime): Promise<string> {
  if (canPrompt(runtime)) return promptRequired('Where is Kontrol?', PLAIN_URL.example, runtime);
  throw usageError(
    'No Kontrol to ask: neither --to nor KITE_KONTROL_URL is given.',
    `Name it with --to ${PLAIN_URL.example}`,
  );
}

async function askUsername(runtime: CommandRuntime): Promise<string> {
  if (canPrompt(runtime)) return promptRequired('Username:', runtime.env['USER'], runtime);
  throw usageError(
    'No username: pass --username or set KITE_USERNAME.',
    'Say who you want to be with --username NAME',
  );
}
