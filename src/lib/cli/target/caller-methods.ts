import { type Kite, KiteError } from '../../index.js';
import { type CliError, isCliError, usageError } from '../runtime/cli-error.js';
import { toJson } from '../runtime/json.js';
import { promptText } from '../terminal/prompt.js';
import type { Spinner } from '../terminal/spinner.js';
import { PeerLog } from './peer-log.js';
import { canPrompt, type CommandRuntime } from '../runtime/command-runtime.js';

/** The methods that a remote kite may call during a call. */
export interface CallerMethods {
  /** Names of the methods. */
  readonly allowed: readonly string[];
  /** Returns the error to exit with if the user cancelled a prompt, or undefined. */
  readonly cancelled: () => CliError | undefined;
  /** Must be called when the remote kite can no longer call. */
  readonly end: () => void;
}

/** What the remote kite may do. */
export interface CallerPermissions {
  /** Whether it may prompt the user. */
  readonly interactive: boolean;
  /** Whether everything that it logs is printed, no matter how much it is. */
  readonly allLogs: boolean;
  /** Begins each message that it logs, if there are several kites. Empty: nothing. */
  readonly label: string;
}

/**
 * Lets the remote kite write to stderr with `kite.log` and `kite.print` and, with `interactive`, prompt the user with
 * `kite.prompt` and `kite.getPass`, one prompt at a time. `cancel` is called if the user cancels a prompt.
 *
 * @throws CliError if the command is `interactive` and cannot prompt
 */
export function addCallerMethods(
  kite: Kite,
  { interactive, allLogs, label }: CallerPermissions,
  { runtime, spinner, cancel }: CallerMethodsOptions,
): CallerMethods {
  const log = new PeerLog({
    all: allLogs,
    write: (text) => void spinner.clearAndWrite(() => runtime.stderr.write(text)),
    now: () => runtime.now(),
  });
  const prefix = label === '' ? '' : `${label}: `;
  for (const method of ['kite.log', 'kite.print']) {
    kite.handle(method, (request) => {
      const text = request.args.map((value) => (typeof value === 'string' ? value : toJson(value))).join(' ');
      log.print(prefix + text.replace(/\n$/, ''));
      return null;
    });
  }
  const allowed = ['kite.log', 'kite.print'];
  const end = (): void => log.end();
  if (!interactive) return { allowed, cancelled: () => undefined, end };
  if (!canPrompt(runtime)) {
    throw usageError(
      '--interactive requires a terminal, without --no-input.',
      'Run the command without --interactive.',
    );
  }
  return {
    allowed: [...allowed, 'kite.prompt', 'kite.getPass'],
    cancelled: allowPeerPrompts(kite, { runtime, spinner, cancel }),
    end,
  };
}

interface CallerMethodsOptions {
  readonly runtime: CommandRuntime;
  readonly spinner: Spinner;
  readonly cancel: () => void;
}

function allowPeerPrompts(
  kite: Kite,
  { runtime, spinner, cancel }: CallerMethodsOptions,
): () => CliError | undefined {
  let failure: CliError | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const prompt = async (text: string, secret: boolean): Promise<string> => {
    const resume = spinner.pause();
    try {
      return await promptText(text, runtime, secret);
    } catch (error) {
      if (isCliError(error)) failure = error;
      cancel();
      throw new KiteError('genericError', 'The user canceled the prompt');
    } finally {
      resume();
    }
  };
  for (const method of ['kite.prompt', 'kite.getPass']) {
    kite.handle<unknown[]>(method, ({ args: [text] }) => {
      const message = typeof text === 'string' ? text.trim() : '';
      const answer = last.then(() => prompt(message, method === 'kite.getPass'));
      last = answer.catch(() => {});
      return answer;
    });
  }
  return () => failure;
}
