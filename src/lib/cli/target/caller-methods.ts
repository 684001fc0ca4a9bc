import { type Kite, KiteError } from '../../index.js';
import { makeVisible } from '../../util/printable.js';
import { type CliError, isCliError, usageError } from '../runtime/cli-error.js';
import { toJson } from '../runtime/json.js';
import { promptText } from '../terminal/prompt.js';
import type { Spinner } from '../terminal/spinner.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

/** What a remote kite may call back while it is called. */
export interface CallerMethods {
  readonly allowed: readonly string[];
  /** Why the command has to end, once the person has left a question with Ctrl-C. */
  readonly cancelled: () => CliError | undefined;
}

/**
 * Lets the remote write to this person's stderr with `kite.log` and `kite.print`, and, with `interactive`, ask them with
 * `kite.prompt` and `kite.getPass`, one question at a time. `leave` is called when they want no more of it.
 *
 * @throws CliError where the remote is to ask, and nobody is there
 */
export function addCallerMethods(
  kite: Kite,
  interactive: boolean,
  { runtime, spinner, leave }: CallerMethodsOptions,
): CallerMethods {
  const { stderr } = runtime;
  for (const method of ['kite.log', 'kite.print']) {
    kite.handle(method, (request) => {
      const text = request.args.map((value) => (typeof value === 'string' ? value : toJson(value))).join(' ');
      spinner.clearAndWrite(() => stderr.write(`${makeVisible(text.replace(/\n$/, ''))}\n`));
      return null;
    });
  }
  const allowed = ['kite.log', 'kite.print'];
  if (!interactive) return { allowed, cancelled: () => undefined };
  if (!canPrompt(runtime)) {
    throw usageError(
      'With --interactive the kite can prompt, and this is not a terminal.',
      'Leave --interactive out; it needs a terminal, and no --no-input.',
    );
  }
  return {
    allowed: [...allowed, 'kite.prompt', 'kite.getPass'],
    cancelled: allowPeerPrompts(kite, { runtime, spinner, leave }),
  };
}

interface CallerMethodsOptions {
  readonly runtime: CommandRuntime;
  readonly spinner: Spinner;
  readonly leave: () => void;
}

function allowPeerPrompts(
  kite: Kite,
  { runtime, spinner, leave }: CallerMethodsOptions,
): () => CliError | undefined {
  let failure: CliError | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const put = async (text: string, secret: boolean): Promise<string> => {
    const goOn = spinner.pause();
    try {
      return await promptText(text, runtime, secret);
    } catch (error) {
      if (isCliError(error)) failure = error;
      leave();
      throw new KiteError('genericError', 'The person does not answer');
    } finally {
      goOn();
    }
  };
  for (const method of ['kite.prompt', 'kite.getPass']) {
    kite.handle<unknown[]>(method, ({ args: [text] }) => {
      const message = typeof text === 'string' ? text.trim() : '';
      const answer = last.then(() => put(message, method === 'kite.getPass'));
      last = answer.catch(() => {});
      return answer;
    });
  }
  return () => failure;
}
