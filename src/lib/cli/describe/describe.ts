import type { CallOptions } from '../../index.js';
import { KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { formatDuration } from '../../util/duration.js';
import type { CliError } from '../runtime/cli-error.js';
import type { ConnectedKite } from '../target/dial-first.js';
import { type ConnectionOptions, withConnection } from '../target/with-connection.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import { toJson } from '../runtime/json.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

export interface DescribeOptions extends ConnectionOptions {
  readonly format: OutputFormat | undefined;
}

/** A method of a remote kite, as far as the remote tells of it. */
export interface DescribedMethod {
  readonly name: string;
  /** Whether callers must say who they are. */
  readonly authenticated: boolean;
  /** Milliseconds after which one more call is allowed, and how many are at once. */
  readonly throttle?: { readonly interval: number; readonly capacity: number };
  readonly description?: string;
  readonly jsonSchema?: unknown;
}

export interface Description {
  readonly kite: KiteIdentity;
  readonly methods: readonly DescribedMethod[];
}

/**
 * Prints the methods of a kite: a table on a terminal, elsewhere `name TAB auth TAB throttle TAB description`, one a
 * line.
 *
 * @throws CliError with exit code 7 where the kite cannot tell, since only those of this library know how
 */
export async function describe(options: DescribeOptions, runtime: CommandRuntime): Promise<void> {
  await withConnection(options, runtime, async (connected) => {
    const description = await fetchDescription(connected);
    await printList(description.methods, methods, options.format, runtime);
  });
}

const methods: Listing<DescribedMethod> = {
  columns: [
    { heading: 'method', text: ({ name }) => name },
    { heading: 'auth', text: ({ authenticated }) => (authenticated ? 'required' : 'none') },
    { heading: 'throttle', text: ({ throttle }) => (throttle === undefined ? '' : rate(throttle)) },
    { heading: 'description', text: ({ description }) => description ?? '' },
    {
      heading: 'arguments',
      text: ({ jsonSchema }) => (jsonSchema === undefined ? '' : toJson(jsonSchema)),
      wide: true,
    },
  ],
  data: (method) => method,
  name: ({ name }) => name,
};

/** Asks a kite what it can do. */
export async function fetchDescription(
  { client, operationFor }: Pick<ConnectedKite, 'client' | 'operationFor'>,
  options: CallOptions = {},
): Promise<Description> {
  try {
    return readDescription(await client.call('kite.describe', [], options));
  } catch (error) {
    throw withReason(toCliError(error, operationFor('kite.describe')));
  }
}

function withReason(failure: CliError): CliError {
  if (failure.exitCode !== ExitCode.noSuchMethod) return failure;
  return failure.with({
    hint: 'Only kites of this library list their methods. Those of others can be called all the same.',
  });
}

/** What a kite answered, of which only what has the right form is kept. */
export function readDescription(answer: unknown): Description {
  const { kite, methods } = (answer ?? {}) as { readonly kite?: unknown; readonly methods?: unknown };
  if (!Array.isArray(methods)) {
    throw new KiteError('invalidResponse', 'The kite did not answer with a list of methods');
  }
  return { kite: parseIdentity(kite), methods: methods.flatMap(readMethod) };
}

function readMethod(value: unknown): DescribedMethod[] {
  const { name, authenticated, throttle, description, jsonSchema } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') return [];
  const { interval, capacity } = (throttle ?? {}) as Record<string, unknown>;
  return [
    {
      name,
      authenticated: authenticated !== false,
      ...(typeof interval === 'number' &&
        typeof capacity === 'number' && { throttle: { interval, capacity } }),
      ...(typeof description === 'string' && { description }),
      ...(jsonSchema !== undefined && jsonSchema !== null && { jsonSchema }),
    },
  ];
}

function rate({ interval, capacity }: NonNullable<DescribedMethod['throttle']>): string {
  return `${capacity} at once, then 1 every ${formatDuration(interval)}`;
}
