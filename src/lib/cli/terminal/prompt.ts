import { usageError } from '../runtime/cli-error.js';
import type { PromptStreams, Question } from './questions.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

/** Prompts for a line. With `secret`, the input is not shown. */
export async function promptText(message: string, streams: PromptStreams, secret = false): Promise<string> {
  return String(await prompt({ type: secret ? 'secret' : 'text', message }, streams));
}

/** Prompts for a line until it is not empty. `initial` is the default. */
export async function promptRequired(
  message: string,
  initial: string | undefined,
  streams: PromptStreams,
): Promise<string> {
  return String(await prompt({ type: 'text', message, initial, required: true }, streams)).trim();
}

/** Prompts for one of `items`, and resolves with its index. */
export async function choose(
  message: string,
  items: readonly string[],
  streams: PromptStreams,
): Promise<number> {
  return Number(await prompt({ type: 'select', message, items }, streams));
}

/** Prompts for yes or no. `initial` is the default. */
export async function confirm(message: string, initial: boolean, streams: PromptStreams): Promise<boolean> {
  return (await prompt({ type: 'confirm', message, initial }, streams)) === true;
}

/**
 * Requires confirmation: returns if `confirmed` is true, and prompts otherwise.
 *
 * @throws CliError with `flag` in the hint, if the user declines or the command cannot prompt
 */
export async function requireConfirmation(
  message: string,
  confirmed: boolean,
  runtime: CommandRuntime,
  flag = '--yes',
): Promise<void> {
  if (confirmed) return;
  if (!canPrompt(runtime)) throw usageError('Confirmation required.', `Pass ${flag}.`);
  if (await confirm(message, false, runtime)) return;
  throw usageError('Canceled: nothing was changed.', `Answer y, or confirm with ${flag}.`);
}

async function prompt(question: Question, streams: PromptStreams): Promise<unknown> {
  const { showPrompt } = await import('./questions.js');
  return showPrompt(question, streams);
}
