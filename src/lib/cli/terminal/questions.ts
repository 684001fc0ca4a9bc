import { createPromptModule } from 'inquirer';
import { TerminalInput } from '../../util/terminal-input.js';
import { makeVisible } from '../../util/make-visible.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { canColor, type CommandRuntime } from '../runtime/command-runtime.js';
import { PromptOutput } from './prompt-output.js';

// A separate bundle, because inquirer is loaded on demand.

export type Question =
  | {
      readonly type: 'text';
      readonly message: string;
      readonly initial?: string | undefined;
      readonly required?: boolean;
    }
  | { readonly type: 'secret'; readonly message: string }
  | { readonly type: 'confirm'; readonly message: string; readonly initial: boolean }
  | { readonly type: 'select'; readonly message: string; readonly items: readonly string[] };

export type PromptStreams = Pick<CommandRuntime, 'stdin' | 'stderr' | 'signal' | 'env' | 'color'>;

/**
 * Prompts on stderr, and resolves with the answer; for a `select`, with the index. Control characters in the question are
 * escaped.
 *
 * @throws CliError with exit code 130 on Ctrl-C and Ctrl-D; the reason of the signal if it is aborted
 */
export async function showPrompt(question: Question, streams: PromptStreams): Promise<unknown> {
  const { stdin, stderr, signal } = streams;
  signal.throwIfAborted();
  const cancellation = new AbortController();
  const cancel = (): void => cancellation.abort();
  const output = new PromptOutput(stderr, canColor(streams, stderr));
  const input = new TerminalInput(stdin, { leave: () => output.leave(), redraw: () => output.redraw() });
  const prompt = createPromptModule({
    input,
    output,
    signal: AbortSignal.any([signal, cancellation.signal]),
  });
  // Ctrl-D on an empty line pauses the input. After an answer, the prompt has already resolved.
  input.once('pause', cancel);
  try {
    const { answer } = await prompt<{ answer: unknown }>([{ ...toInquirerPrompt(question), name: 'answer' }]);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || !CANCELLATION_ERRORS.has(error.name)) throw error;
    throw new CliError('Interrupted by Ctrl-C.', { exitCode: ExitCode.interrupted, type: 'interrupted' });
  } finally {
    input.off('pause', cancel);
    input.close();
    output.close();
  }
}

const CANCELLATION_ERRORS: ReadonlySet<string> = new Set(['ExitPromptError', 'AbortPromptError']);

function toInquirerPrompt(
  question: Question,
): { readonly type: string; readonly message: string } & Record<string, unknown> {
  const message = makeVisible(question.message);
  switch (question.type) {
    case 'text':
      return {
        type: 'input',
        message,
        default: question.initial,
        validate: (text: string) => question.required !== true || text.trim() !== '' || 'Enter a value.',
      };
    case 'secret':
      return { type: 'password', message, toggleMask: false };
    case 'confirm':
      return { type: 'confirm', message, default: question.initial };
    case 'select': {
      const choices = question.items.map((item, value) => ({ name: makeVisible(item), value }));
      return { type: 'select', message, choices, loop: false, theme: { indexMode: 'number' } };
    }
  }
}
