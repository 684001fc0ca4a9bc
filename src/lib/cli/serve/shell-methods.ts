import { PassThrough } from 'node:stream';
import { KiteError, type Request } from '../../index.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { isStream } from '../../util/item-source.js';
import { messageOf } from '../../util/message-of.js';
import { hasValues, toJson } from '../runtime/json.js';
import { ChildGroups } from '../runtime/child-groups.js';
import { commandResult, outputLines, type ResultType, type WholeResultType } from './command-result.js';
import type { ServedMethod } from './served-method.js';
import { runShellCommand } from './shell-command.js';
import { ConcurrencyGate } from './concurrency-gate.js';
import { WAITING_CALLS } from '../runtime/command-limits.js';

/** A shell command that implements a method. */
export interface ServedCommand {
  readonly command: string;
  readonly result: ResultType;
}

export interface ShellMethodsOptions {
  /** Shell commands by method. */
  readonly commands: ReadonlyMap<string, ServedCommand>;
  /** Maximum number of concurrent commands. Other calls wait. */
  readonly parallel: number;
  /** Timeout of a command in milliseconds; 0 disables it. */
  readonly timeout: number;
  /** That of a command that streams lines to a caller that can cancel it. */
  readonly streamTimeout: number;
  /** Maximum size of a command's output, in bytes. */
  readonly maxBytes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables with a secret that the commands get. Default: none. */
  readonly passedSecrets?: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

function hasStream(value: unknown): boolean {
  return hasValues(value) && (isStream(value) || Object.values(value).some(hasStream));
}

/**
 * Methods that run shell commands. A command receives the arguments of a call only as one line of JSON on its standard
 * input, never in the command line or the environment; its output is the result.
 */
export class ShellMethods {
  readonly #options: ShellMethodsOptions;
  readonly #gate: ConcurrencyGate;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  readonly #groups = new ChildGroups();

  constructor(options: ShellMethodsOptions) {
    this.#options = options;
    this.#gate = new ConcurrencyGate(options.parallel, WAITING_CALLS);
  }

  methods(): Map<string, ServedMethod> {
    const { commands } = this.#options;
    return new Map(
      Array.from(commands, ([name, { command, result }]) => [
        name,
        {
          handler: (request) =>
            result === 'lines'
              ? this.#lines(name, command, request)
              : this.#call(name, command, result, request),
          streams: result === 'lines',
        },
      ]),
    );
  }

  /** Terminates the running commands, and what earlier ones left behind. Resolves once they have exited. */
  async close(): Promise<void> {
    for (const controller of this.#running.values()) controller.abort();
    await Promise.allSettled(this.#running.keys());
    await this.#groups.close();
  }

  async #call(name: string, command: string, result: WholeResultType, request: Request): Promise<unknown> {
    const { output } = this.#start(name, command, request);
    // Callers of other implementations get base64, as from Go.
    const asBytes = result === 'bytes' && request.client.extensions?.has('bytes') === true;
    return this.#logged(name, request, async () =>
      asBytes ? new Uint8Array(await output) : commandResult(await output, result, name),
    );
  }

  /** Streams the lines of the output. The command ends when the caller reads no more. */
  async *#lines(name: string, command: string, request: Request): AsyncGenerator<string, null> {
    const sink = new PassThrough();
    const { timeout, streamTimeout } = this.#options;
    // Other callers cannot say that they have left while their connection is open.
    const canCancel = request.client.extensions?.has('cancel') === true;
    const { output, controller } = this.#start(name, command, request, {
      timeout: canCancel ? streamTimeout : timeout,
      sink,
    });
    const end = (): void => void sink.end();
    output.then(end, end);
    try {
      yield* outputLines(sink, this.#options.maxBytes, name);
      await this.#logged(name, request, () => output);
      return null;
    } finally {
      controller.abort();
      sink.destroy();
      await Promise.allSettled([output]);
    }
  }

  #start(
    name: string,
    command: string,
    { args, signal }: Request,
    { sink, timeout }: { readonly sink?: PassThrough; readonly timeout: number } = this.#options,
  ): { readonly output: Promise<Buffer>; readonly controller: AbortController } {
    const { env, passedSecrets = [], maxBytes, clock } = this.#options;
    if (args.some(hasStream)) throw new KiteError('argumentError', `${name}: a command cannot read a stream`);
    const controller = new AbortController();
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    const input = `${toJson(args)}\n`;
    const output = this.#gate.run(controller.signal, () =>
      runShellCommand({
        name,
        command,
        input,
        env,
        passedSecrets,
        timeout,
        signal: controller.signal,
        maxBytes,
        ...(sink && { sink }),
        clock,
        groups: this.#groups,
      }),
    );
    this.#running.set(output, controller);
    const ended = (): void => void this.#running.delete(output);
    output.then(ended, ended);
    return { output, controller };
  }

  /** Logs the failure of a call, but not that its caller has left. */
  async #logged<Result>(name: string, request: Request, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const who = request.username || 'an unauthenticated caller';
      if (!request.signal.aborted)
        this.#options.logger.warn(`${name} failed for ${who}: ${messageOf(error)}`);
      throw error;
    }
  }
}
