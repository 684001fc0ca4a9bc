import { usageError } from '../runtime/cli-error.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';
import { PLAIN_URL } from '../settings/command-values.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { registerSettings } from '../settings/register-settings.js';
import { requireUrl } from '../target/target.js';
import { promptRequired } from '../terminal/prompt.js';

/**
 * Resolves the URL of Kontrol and the username to register, and prompts for those that no setting contains.
 *
 * @throws CliError or ConfigurationError if one is missing and cannot be prompted for, or if it is invalid
 */
export async function registerTarget(
  baseSettings: CommandSettings,
  runtime: CommandRuntime,
): Promise<{ readonly to: string; readonly username: string }> {
  // register creates a context that does not exist.
  const settings = baseSettings.withOptionalContext();
  const [url] = settings.value(commonSettings.kontrol);
  const to = url ?? requireUrl(await promptUrl(runtime), 'The URL');
  const username = settings.value(registerSettings.username) ?? (await promptUsername(runtime));
  if (username.includes('/')) throw usageError(`A user name must not contain "/": ${username}`);
  return { to, username };
}

async function promptUrl(runtime: CommandRuntime): Promise<string> {
  if (canPrompt(runtime)) return promptRequired('URL of Kontrol:', PLAIN_URL.example, runtime);
  throw usageError(
    'No Kontrol URL: pass --to or set KITE_KONTROL_URL.',
    `Pass a URL such as --to ${PLAIN_URL.example}`,
  );
}

async function promptUsername(runtime: CommandRuntime): Promise<string> {
  if (canPrompt(runtime)) return promptRequired('Username:', runtime.env['USER'], runtime);
  throw usageError('No username: pass --username or set KITE_USERNAME.');
}
