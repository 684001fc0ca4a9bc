import { Writable } from 'node:stream';
import { createPromptModule } from 'inquirer';
import { makeVisible } from '../../util/printable.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { canColor, type Output, type CommandRuntime } from '../runtime/command-runtime.js';

// A file of its own in the program too: inquirer is loaded when there is something to ask.

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
 * Asks the person at the terminal, on stderr, and resolves with the answer: of a `select` the index. Control characters in
 * what is asked are made visible.
 *
 * @throws CliError with exit code 130 at Ctrl-C and Ctrl-D; the reason of the signal where the command ends
 */
export async function showPrompt(asked: Question, person: PromptStreams): Promise<unknown> {
  const { stdin, stderr, signal } = person;
  signal.throwIfAborted();
  const left = new AbortController();
  const leave = (): void => left.abort();
  const output = canColor(person, stderr) ? stderr : new ColorlessOutput(stderr);
  const prompt = createPromptModule({ input: stdin, output, signal: AbortSignal.any([signal, left.signal]) });
  // What Ctrl-D does to a line that is empty. An answer comes before it.
  stdin.once('pause', leave);
  try {
    const { answer } = await prompt<{ answer: unknown }>([{ ...toInquirerPrompt(asked), name: 'answer' }]);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || !CANCELLATION_ERRORS.has(error.name)) throw error;
    throw new CliError('Ended by Ctrl-C.', { exitCode: ExitCode.interrupted, type: 'interrupted' });
  } finally {
    stdin.off('pause', leave);
  }
}

const CANCELLATION_ERRORS: ReadonlySet<string> = new Set(['ExitPromptError', 'AbortPromptError']);

function toInquirerPrompt(
  asked: Question,
): { readonly type: string; readonly message: string } & Record<string, unknown> {
  const message = makeVisible(asked.message);
  switch (asked.type) {
    case 'text':
      return {
        type: 'input',
        message,
        default: asked.initial,
        validate: (text: string) => asked.required !== true || text.trim() !== '' || 'Enter a value.',
      };
    case 'secret':
      return { type: 'password', message, toggleMask: false };
    case 'confirm':
      return { type: 'confirm', message, default: asked.initial };
    case 'select': {
      const choices = asked.items.map((item, value) => ({ name: makeVisible(item), value }));
      return { type: 'select', message, choices, loop: false, theme: { indexMode: 'number' } };
    }
  }
}

/** A terminal that is shown no colours: inquirer always uses some. */
class ColorlessOutput extends Writable {
  readonly #terminal: Output;
  readonly isTTY = true;

  constructor(terminal: Output) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
  }

  /** Where a line of the question is broken. */
  get columns(): number {
    return this.#terminal.columns ?? 80;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    // oxlint-disable-next-line no-control-regex -- colours are what this looks for
    this.#terminal.write(chunk.toString().replaceAll(/\u001b\[[\d;]*m/g, ''), () => done());
  }
}
