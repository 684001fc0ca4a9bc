import { toCliError } from '../frame/failures.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { commonSettings } from '../settings/common-settings.js';
import type { DialedKite } from '../target/dial-first.js';
import { withCallback } from './arguments.js';
import { type AllKitesOptions, atAllKites, type CalledKite } from './at-all-kites.js';
import type { ResultStyle } from './call-result.js';
import { AllKitesPrinter } from './kite-lines.js';

export interface CallAllOptions extends AllKitesOptions, ResultStyle {
  readonly method: string;
  /** Whether to pass a function whose calls are printed. */
  readonly callback: boolean;
}

/**
 * Calls a method of each kite of a query, and prints what each answers as soon as it does. The items of streams are printed as they
 * come, the return value of a stream only in the formats for programs.
 *
 * @throws CliError at the end, with the exit code of the first failure
 */
export async function callAll(
  options: CallAllOptions,
  args: readonly unknown[],
  runtime: CommandRuntime,
): Promise<void> {
  let printer: AllKitesPrinter | undefined;
  await atAllKites(
    options,
    {
      begin: async (kites, spinner) => {
        printer = await AllKitesPrinter.create(options, kites, spinner, runtime);
      },
      ask: async (kite, connected, signal, answered) => {
        if (!printer) return;
        await callAtKite(options, args, { kite, connected, signal, answered, printer });
      },
      failed: (kite, error) => printer?.failed(kite, error) ?? false,
    },
    runtime,
  );
}

interface CallAtKite {
  readonly kite: CalledKite;
  readonly connected: DialedKite;
  readonly signal: AbortSignal;
  readonly answered: () => void;
  readonly printer: AllKitesPrinter;
}

async function callAtKite(
  { method, callback, settings }: CallAllOptions,
  args: readonly unknown[],
  { kite, connected, signal, answered, printer }: CallAtKite,
): Promise<void> {
  const { client, operationFor } = connected;
  const { value: timeout, source } = settings.resolve(commonSettings.timeout);
  const options = { signal, ...(source.type !== 'default' && { timeout }) };
  const lines = printer.of(kite);
  try {
    if (callback) {
      const called = (...values: unknown[]): void => {
        if (!signal.aborted) void lines.callback(values);
      };
      const result = await client.call(method, withCallback(args, called), options);
      answered();
      return await lines.result(result);
    }
    const stream = client.callStream(method, [...args], options);
    try {
      let next = await stream.next();
      answered();
      if (!stream.begun) return await lines.result(await stream.result);
      for (; !next.done; next = await stream.next()) await lines.item(next.value);
      await lines.streamed(await stream.result);
    } finally {
      stream.cancel();
    }
  } catch (error) {
    signal.throwIfAborted();
    const operation = operationFor(method);
    const { withKey } = operation;
    throw toCliError(error, {
      ...operation,
      ...(withKey !== undefined && { withKey }),
      description: `calling ${JSON.stringify(method)} at ${kite.path}`,
    });
  }
}
