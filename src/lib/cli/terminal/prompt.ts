import { type CliError, usageError } from '../runtime/cli-error.js';
import type { PromptStreams, Question } from './questions.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

/** Asks the person at the terminal for a line. With `secret`, what is typed is not shown. */
export async function promptText(message: string, person: PromptStreams, secret = false): Promise<string> {
  return String(await prompt({ type: secret ? 'secret' : 'text', message }, person));
}

/** Asks for a line that is `initial` where nothing is typed, until it is not empty. */
export async function promptRequired(
  message: string,
  initial: string | undefined,
  person: PromptStreams,
): Promise<string> {
  return String(await prompt({ type: 'text', message, initial, required: true }, person)).trim();
}

/** Asks which of `items` is meant, and resolves with its index. */
export async function choose(
  message: string,
  items: readonly string[],
  person: PromptStreams,
): Promise<number> {
  return Number(await prompt({ type: 'select', message, items }, person));
}

/** Asks for yes or no; `initial` is what Enter means. */
export async function confirm(message: string, initial: boolean, person: PromptStreams): Promise<boolean> {
  return (await prompt({ type: 'confirm', message, initial }, person)) === true;
}

/**
 * Makes sure that a person means what cannot be undone: `agreed` with a flag, or asked now.
 *
 * @throws CliError where they do not, or where nobody can be asked: it names the flag, `--yes` by default
 */
export async function requireConfirmation(
  message: string,
  agreed: boolean,
  runtime: CommandRuntime,
  flag = '--yes',
): Promise<void> {
  if (agreed) return;
  if (!canPrompt(runtime)) throw missingInput(message, `Confirm with ${flag}.`);
  if (await confirm(message, false, runtime)) return;
  throw usageError('Nothing was changed.', `Answer with y, or confirm with ${flag}.`);
}

/** The error for a question that nobody is there to answer; `hint` names the flag. */
export function missingInput(message: string, hint: string): CliError {
  return usageError(`Cannot prompt: ${message}`, hint);
}

async function prompt(asked: Question, person: PromptStreams): Promise<unknown> {
  const { showPrompt } = await import('./questions.js');
  return showPrompt(asked, person);
}
