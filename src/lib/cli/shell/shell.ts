import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import { makeVisible } from '../../util/make-visible.js';
import { CALLBACK_PLACEHOLDER, withCallback } from '../call/arguments.js';
import { type ArgumentSource, readArguments } from '../call/argument-sources.js';
import { closeStreams } from '../call/byte-stream.js';
import { printOutcome } from '../call/print-outcome.js';
import { type CliError, exitWith, usageError } from '../runtime/cli-error.js';
import type { DialedKite } from '../target/dial-first.js';
import type { TargetClient } from '../target/on-demand-client.js';
import { type ConnectOptions, withConnection } from '../target/with-connection.js';
import { fetchDescription } from '../describe/describe.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import { hasValues, toJson } from '../runtime/json.js';
import type { Line } from '../frame/read-lines.js';
import { padToWidth } from '../terminal/display-width.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { reportFailure } from '../frame/report-failure.js';
import { canPrompt, type CommandRuntime, write } from '../runtime/command-runtime.js';
import { ShellCompletion, SHELL_COMMANDS } from './shell-completion.js';
import { History } from './history.js';
import { type LineReader, PromptReader, scriptReader } from './line-reader.js';
import { parseShellLine } from './shell-line.js';
import { HISTORY_LENGTH } from '../runtime/command-limits.js';

export interface ShellOptions extends ConnectOptions {
  readonly format: OutputFormat | undefined;
  /** Whether to read and write the history. */
  readonly history: boolean;
}

/** Timeout for fetching the methods of the kite before the first prompt, in milliseconds. */
const DESCRIBE_TIMEOUT = 2000;

/**
 * Reads lines from the terminal, or from a script on standard input, and calls the method in each over one connection.
 *
 * @throws CliError with the exit code of the last line that failed; each failure has already been reported
 */
export async function shell(options: ShellOptions, runtime: CommandRuntime): Promise<void> {
  await withConnection(options, runtime, async (connected) => {
    const session = canPrompt(runtime)
      ? await startInteractive(options, connected, runtime)
      : new ShellSession(options, connected, scriptReader(runtime), runtime);
    await session.run();
  });
}

async function startInteractive(
  { history: useHistory, format }: ShellOptions,
  connected: DialedKite,
  runtime: CommandRuntime,
): Promise<ShellSession> {
  const completion = new ShellCompletion();
  let name = new URL(connected.url).host;
  try {
    const { kite, methods } = await fetchDescription(connected, { timeout: DESCRIBE_TIMEOUT });
    for (const method of methods) completion.addMethod(method.name);
    name = kite.name || name;
  } catch {
    // A kite that does not describe itself can still be called.
  }
  const history = useHistory ? new History(join(kiteHome(runtime.env), 'shell_history')) : undefined;
  const reader = new PromptReader(
    {
      prompt: `${makeVisible(name)}> `,
      history: (await history?.read()) ?? [],
      historyLength: HISTORY_LENGTH,
      complete: (line) => completion.complete(line),
    },
    runtime,
  );
  connected.spinner.wrapWrites((write) => reader.clearAndWrite(write));
  return new ShellSession({ format }, connected, reader, runtime, { completion, history });
}

/** State that only an interactive shell has. */
interface InteractiveState {
  readonly completion: ShellCompletion;
  readonly history: History | undefined;
}

class ShellSession {
  readonly #format: OutputFormat | undefined;
  readonly #connected: DialedKite;
  readonly #reader: LineReader;
  readonly #runtime: CommandRuntime;
  readonly #interactive: InteractiveState | undefined;
  /** The function that "@callback" passes: the same in each call, so that a long script does not fill the connection. */
  readonly #print: (...values: unknown[]) => void;
  #client: TargetClient | undefined;
  #lastFailure: CliError | undefined;
  #ended = false;

  constructor(
    { format }: Pick<ShellOptions, 'format'>,
    connected: DialedKite,
    reader: LineReader,
    runtime: CommandRuntime,
    interactive?: InteractiveState,
  ) {
    this.#format = format;
    this.#connected = connected;
    this.#reader = reader;
    this.#runtime = runtime;
    this.#interactive = interactive;
    this.#print = (...values) => reader.clearAndWrite(() => runtime.stdout.write(`${toJson(values)}\n`));
    this.#setClient(connected.client);
  }

  async run(): Promise<void> {
    const { signal } = this.#runtime;
    try {
      for await (const line of this.#reader.lines()) {
        signal.throwIfAborted();
        if (!(await this.#execute(line))) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#ended = true;
      this.#reader.close();
    }
    signal.throwIfAborted();
    if (this.#lastFailure) throw exitWith(this.#lastFailure.exitCode);
  }

  /** Executes a line. Resolves with false if the shell must exit. */
  async #execute(line: Line): Promise<boolean> {
    try {
      const parsed = parseShellLine(line.text);
      if (parsed.type === 'command') return await this.#command(parsed.name);
      if (parsed.type === 'call') await this.#call(parsed.method, parsed.args);
    } catch (error) {
      this.#runtime.signal.throwIfAborted();
      this.#failed(toCliError(error), line);
    } finally {
      if (line.text.trim() !== '') await this.#remember(line.text);
    }
    return true;
  }

  async #call(method: string, sources: readonly ArgumentSource[]): Promise<void> {
    const args = await readArguments(sources, this.#runtime.stdin);
    try {
      await this.#callWith(method, args);
    } finally {
      await closeStreams(args);
    }
  }

  async #callWith(method: string, args: readonly unknown[]): Promise<void> {
    const client = await this.#connection();
    const stop = new AbortController();
    this.#reader.onInterrupt(() => stop.abort(cancelledCall(method)));
    try {
      const callArgs = args.some(mentionsCallback) ? withCallback(args, this.#print) : [...args];
      const stream = client.callStream(method, callArgs, { signal: stop.signal, callbacks: 'connection' });
      const failed = (error: unknown): never => {
        throw toCliError(error, this.#connected.operationFor(method));
      };
      const during = async <Result>(work: () => Promise<Result>): Promise<Result> => {
        const result = await work().catch(failed);
        this.#interactive?.completion.addMethod(method);
        return result;
      };
      await printOutcome(stream, { format: this.#format, raw: false }, { during, failed }, this.#runtime);
    } finally {
      this.#reader.onInterrupt(undefined);
    }
  }

  async #command(name: string): Promise<boolean> {
    const { stdout } = this.#runtime;
    switch (name) {
      case '.exit':
        return false;
      case '.help':
        await write(stdout, HELP);
        return true;
      case '.methods': {
        const client = await this.#connection();
        const { methods } = await fetchDescription({ ...this.#connected, client });
        await write(stdout, methods.map((method) => `${makeVisible(method.name)}\n`).join(''));
        return true;
      }
      default:
        throw usageError(`Unknown command: ${name}`, 'List the commands with: .help');
    }
  }

  /** Returns the connection, or a new one if it was closed. */
  async #connection(): Promise<TargetClient> {
    return this.#client ?? this.#setClient(await this.#connected.openAnother());
  }

  #setClient(client: TargetClient): TargetClient {
    this.#client = client;
    client.on('disconnect', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      if (this.#interactive && !this.#ended) {
        const { stderr } = this.#runtime;
        this.#reader.clearAndWrite(() =>
          stderr.write('note: The connection was closed. The next call reconnects.\n'),
        );
      }
    });
    return client;
  }

  #failed(failure: CliError, { number }: Line): void {
    this.#lastFailure = failure;
    const at = this.#interactive ? '' : ` (line ${number} of standard input)`;
    const reported =
      failure.operation === '' ? failure : failure.with({ operation: `${failure.operation}${at}` });
    reportFailure(reported, this.#format === 'json' || this.#format === 'ndjson', this.#runtime);
  }

  async #remember(line: string): Promise<void> {
    const history = this.#interactive?.history;
    if (!history) return;
    const result = await history.add(line);
    const { stderr } = this.#runtime;
    if (result === 'secret')
      stderr.write('note: The line was not added to the history, because it may contain a secret.\n');
    if (result === 'created') stderr.write(HISTORY_NOTE);
  }
}

const HISTORY_NOTE =
  'note: The history is stored in shell_history in $KITE_HOME or ~/.kite, and only you can read it. Lines that start\n' +
  'with a space are not added. To disable the history, use --no-history.\n';

const HELP = [
  'square 4              call the method square with the number 4',
  'echo {"a": 1} text    pass JSON and a string',
  "echo 'two words'      pass a string with spaces",
  `count 3 "${CALLBACK_PLACEHOLDER}"   pass a function whose calls are printed`,
  'resize @bytes:PATH    pass the bytes of a file; also @text:, @json: and @stream:',
  ...Object.entries(SHELL_COMMANDS).map(([name, description]) => `${padToWidth(name, 22)}${description}`),
  '',
].join('\n');

function mentionsCallback(value: unknown): boolean {
  if (value === CALLBACK_PLACEHOLDER) return true;
  return hasValues(value) && Object.values(value).some(mentionsCallback);
}

function cancelledCall(method: string): CliError {
  const failure = usageError(`The call of ${JSON.stringify(method)} was canceled.`);
  return failure.with({ exitCode: ExitCode.interrupted, type: 'interrupted' });
}
