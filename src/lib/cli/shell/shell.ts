import { join } from 'node:path';
import type { Client } from '../../index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { makeVisible } from '../../util/printable.js';
import { CALLBACK_PLACEHOLDER, withCallback } from '../call/arguments.js';
import { formatResult } from '../call/call-result.js';
import { type CliError, exitWith, usageError } from '../runtime/cli-error.js';
import type { ConnectedKite } from '../target/dial-first.js';
import { type ConnectionOptions, withConnection } from '../target/with-connection.js';
import { fetchDescription } from '../describe/describe.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import { toJson } from '../runtime/json.js';
import type { Line } from '../frame/read-lines.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { reportFailure } from '../frame/report-failure.js';
import { canPrompt, type CommandRuntime, write } from '../runtime/command-runtime.js';
import { ShellCompletion, SHELL_COMMANDS } from './shell-completion.js';
import { History } from './history.js';
import { type LineReader, PromptReader, scriptReader } from './line-reader.js';
import { parseShellLine } from './shell-line.js';
import { HISTORY_LENGTH } from '../runtime/command-limits.js';

export interface ShellOptions extends ConnectionOptions {
  readonly format: OutputFormat | undefined;
  /** Keep the lines for the next shell. */
  readonly history: boolean;
}

/** Milliseconds that a kite has to tell its methods, before the person is let type. */
const DESCRIBE_TIMEOUT = 2000;

/**
 * Calls the methods that a person types, one a line, over one connection; elsewhere than at a terminal the lines of a
 * script.
 *
 * @throws CliError with the exit code of the last line that failed, each having been reported already
 */
export async function shell(options: ShellOptions, runtime: CommandRuntime): Promise<void> {
  await withConnection(options, runtime, async (connected) => {
    const one = canPrompt(runtime)
      ? await startInteractive(options, connected, runtime)
      : new Shell(options, connected, scriptReader(runtime), runtime);
    await one.run();
  });
}

async function startInteractive(
  { history: keep, format }: ShellOptions,
  connected: ConnectedKite,
  runtime: CommandRuntime,
): Promise<Shell> {
  const completion = new ShellCompletion();
  let name = new URL(connected.url).host;
  try {
    const { kite, methods } = await fetchDescription(connected, { timeout: DESCRIBE_TIMEOUT });
    for (const method of methods) completion.addMethod(method.name);
    name = kite.name || name;
  } catch {
    // A kite that does not tell can be called all the same.
  }
  const history = keep ? new History(join(kiteHome(runtime.env), 'shell_history')) : undefined;
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
  return new Shell({ format }, connected, reader, runtime, { completion, history });
}

/** What there is only where a person types. */
interface InteractiveState {
  readonly completion: ShellCompletion;
  readonly history: History | undefined;
}

class Shell {
  readonly #format: OutputFormat | undefined;
  readonly #connected: ConnectedKite;
  readonly #reader: LineReader;
  readonly #runtime: CommandRuntime;
  readonly #person: InteractiveState | undefined;
  #client: Client | undefined;
  #lastFailure: CliError | undefined;
  #left = false;

  constructor(
    { format }: Pick<ShellOptions, 'format'>,
    connected: ConnectedKite,
    reader: LineReader,
    runtime: CommandRuntime,
    person?: InteractiveState,
  ) {
    this.#format = format;
    this.#connected = connected;
    this.#reader = reader;
    this.#runtime = runtime;
    this.#person = person;
    this.#use(connected.client);
  }

  async run(): Promise<void> {
    const { signal } = this.#runtime;
    try {
      for await (const line of this.#reader.lines()) {
        signal.throwIfAborted();
        if (!(await this.#do(line))) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#left = true;
      this.#reader.close();
    }
    signal.throwIfAborted();
    if (this.#lastFailure) throw exitWith(this.#lastFailure.exitCode);
  }

  /** False: this was the last line. */
  async #do(line: Line): Promise<boolean> {
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

  async #call(method: string, args: readonly unknown[]): Promise<void> {
    const { stdout } = this.#runtime;
    const client = await this.#connection();
    const stop = new AbortController();
    this.#reader.onInterrupt(() => stop.abort(cancelledCall(method)));
    const print = (...values: unknown[]): void => {
      this.#reader.clearAndWrite(() => stdout.write(`${toJson(values)}\n`));
    };
    try {
      const sent = args.some(mentionsCallback) ? withCallback(args, print) : [...args];
      const result = await client.call(method, sent, { signal: stop.signal }).catch((error: unknown) => {
        throw toCliError(error, this.#connected.operationFor(method));
      });
      this.#person?.completion.addMethod(method);
      await write(stdout, await formatResult(result, { format: this.#format, raw: false }, this.#runtime));
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
        throw usageError(`There is no command ${name} here.`, 'See what there is with: .help');
    }
  }

  /** The connection, or another where that is gone. */
  async #connection(): Promise<Client> {
    return this.#client ?? this.#use(await this.#connected.openAnother());
  }

  #use(client: Client): Client {
    this.#client = client;
    client.on('disconnect', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      if (this.#person && !this.#left) {
        const { stderr } = this.#runtime;
        this.#reader.clearAndWrite(() =>
          stderr.write('note: The kite has disconnected. The next call connects again.\n'),
        );
      }
    });
    return client;
  }

  #failed(failure: CliError, { number }: Line): void {
    this.#lastFailure = failure;
    const at = this.#person ? '' : ` (line ${number} of the standard input)`;
    const told =
      failure.operation === '' ? failure : failure.with({ operation: `${failure.operation}${at}` });
    reportFailure(told, this.#format === 'json' || this.#format === 'ndjson', this.#runtime);
  }

  async #remember(line: string): Promise<void> {
    const history = this.#person?.history;
    if (!history) return;
    const kept = await history.add(line);
    const { stderr } = this.#runtime;
    if (kept === 'secret')
      stderr.write('note: This line is not kept in the history: it may hold a secret.\n');
    if (kept === 'first') stderr.write(HISTORY_NOTE);
  }
}

const HISTORY_NOTE =
  'note: Lines are kept in shell_history in $KITE_HOME or ~/.kite, where only you can read them. A line that begins\n' +
  'with a space is not kept; --no-history keeps none.\n';

const HELP = [
  'square 4              calls the method square with the number 4',
  'echo {"a": 1} text    arguments are JSON, else text',
  "echo 'two words'      text with spaces goes into quotes",
  `count 3 "${CALLBACK_PLACEHOLDER}"   a function whose calls are printed`,
  ...Object.entries(SHELL_COMMANDS).map(([name, what]) => `${name.padEnd(22)}${what}`),
  '',
].join('\n');

function mentionsCallback(value: unknown): boolean {
  if (value === CALLBACK_PLACEHOLDER) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(mentionsCallback);
}

function cancelledCall(method: string): CliError {
  const failure = usageError(`The call of ${JSON.stringify(method)} was given up.`);
  return failure.with({ exitCode: ExitCode.interrupted, type: 'interrupted' });
}
