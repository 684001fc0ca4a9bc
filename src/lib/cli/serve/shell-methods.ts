import type { Request } from '../../index.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { toJson } from '../runtime/json.js';
import type { ServedMethod } from './served-method.js';
import { runShellCommand } from './shell-command.js';
import { ConcurrencyGate } from './concurrency-gate.js';
import { WAITING_CALLS } from '../runtime/command-limits.js';

export interface ShellMethodsOptions {
  /** Methods, and what the shell runs for each. */
  readonly commands: ReadonlyMap<string, string>;
  /** Most commands that run at once. Other calls wait. */
  readonly parallel: number;
  /** Milliseconds that a command may take; 0 = any. */
  readonly timeout: number;
  /** Most bytes that a command may print. */
  readonly maxBytes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Methods that are shell commands: the arguments of a call are one line of JSON on the command's standard input and
 * nowhere else, what it prints is the result. No text of a caller's becomes part of a command, an argument or the
 * environment.
 */
export class ShellMethods {
  readonly #options: ShellMethodsOptions;
  readonly #turnstile: ConcurrencyGate;
  readonly #running = new Map<Promise<unknown>, AbortController>();

  constructor(options: ShellMethodsOptions) {
    this.#options = options;
    this.#turnstile = new ConcurrencyGate(options.parallel, WAITING_CALLS);
  }

  methods(): Map<string, ServedMethod> {
    const { commands } = this.#options;
    return new Map(
      Array.from(commands, ([name, command]) => [
        name,
        { handler: (request) => this.#call(name, command, request) },
      ]),
    );
  }

  /** Ends the commands that run. Resolves when they are over. */
  async close(): Promise<void> {
    for (const ending of this.#running.values()) ending.abort();
    await Promise.allSettled(this.#running.keys());
  }

  async #call(name: string, command: string, { args, signal, username }: Request): Promise<unknown> {
    const { env, timeout, maxBytes, clock, logger } = this.#options;
    const ending = new AbortController();
    signal.addEventListener('abort', () => ending.abort(), { once: true });
    const input = `${toJson(args)}\n`;
    const call = this.#turnstile.pass(ending.signal, () =>
      runShellCommand({ name, command, input, env, timeout, signal: ending.signal, maxBytes, clock }),
    );
    this.#running.set(call, ending);
    try {
      return resultOf(await call);
    } catch (error) {
      logger.warn(`${name} for ${username || 'somebody'}: ${(error as Error).message}`);
      throw error;
    } finally {
      this.#running.delete(call);
    }
  }
}

/** What a command printed: a JSON value where it is one, nothing as null, else the text without its last newline. */
export function resultOf(printed: string): unknown {
  const text = printed.replace(/\r?\n$/, '');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
