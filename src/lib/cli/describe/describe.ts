import { type CallOptions, isNumberLiteral, type NumberLiteral } from '../../index.js';
import { KiteError } from '../../protocol/errors.js';
import { type KiteIdentity, parseIdentity } from '../../protocol/identity.js';
import { formatDuration } from '../../util/duration.js';
import type { CliError } from '../runtime/cli-error.js';
import type { DialedKite } from '../target/dial-first.js';
import { type ConnectOptions, withConnection } from '../target/with-connection.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { toCliError } from '../frame/failures.js';
import { toJson } from '../runtime/json.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { type CommandRuntime, writePieces } from '../runtime/command-runtime.js';

export interface DescribeOptions extends ConnectOptions {
  readonly format: OutputFormat | undefined;
}

/** A token bucket: `capacity` calls at once, then one call every `interval` milliseconds. */
interface DescribedRate {
  readonly interval: JsonNumber;
  readonly capacity: JsonNumber;
}

/** A method of a remote kite, as described by that kite. */
export interface DescribedMethod {
  readonly name: string;
  /** Whether callers must authenticate. */
  readonly authenticated: boolean;
  /** The rate of all callers together. */
  readonly throttle?: DescribedRate;
  /** The rate of each caller. */
  readonly throttlePerCaller?: DescribedRate;
  readonly description?: string;
  readonly jsonSchema?: unknown;
  /** Set if the kite says that the method streams. */
  readonly streams?: true;
}

export interface DescribedKite {
  readonly kite: KiteIdentity;
  readonly methods: readonly DescribedMethod[];
}

/**
 * Prints the methods of a kite: a table on a terminal, otherwise one `name TAB auth TAB throttle TAB description` line per
 * method. The format `wide` also names the extensions of the protocol that the kite speaks.
 *
 * @throws CliError with exit code 7 if the kite does not implement `kite.describe`, which only this library does
 */
export async function describe(options: DescribeOptions, runtime: CommandRuntime): Promise<void> {
  await withConnection({ ...options, repeatable: () => true }, runtime, async (connected) => {
    const description = await fetchDescription(connected);
    await printList(description.methods, methodListing, options.format, runtime);
    if (options.format === 'wide') await writePieces(runtime.stdout, [extensionsLine(connected.client)]);
  });
}

/** Returns the line about the extensions of the protocol that a kite speaks. */
function extensionsLine({ extensions }: Pick<DialedKite['client'], 'extensions'>): string {
  return `Extensions of the protocol: ${[...(extensions ?? [])].join(', ') || 'none'}\n`;
}

const methodListing: Listing<DescribedMethod> = {
  columns: [
    { heading: 'method', text: ({ name }) => name },
    { heading: 'auth', text: ({ authenticated }) => (authenticated ? 'required' : 'none') },
    { heading: 'throttle', text: formatThrottle },
    { heading: 'description', text: ({ description }) => description ?? '' },
    {
      heading: 'arguments',
      text: ({ jsonSchema }) => (jsonSchema === undefined ? '' : toJson(jsonSchema)),
      wide: true,
    },
    { heading: 'streams', text: ({ streams }) => (streams ? 'yes' : ''), wide: true },
  ],
  data: (method) => method,
  name: ({ name }) => name,
};

/**
 * Calls `kite.describe`.
 *
 * @throws CliError if the call fails or its result is malformed
 */
export async function fetchDescription(
  { client, operationFor }: Pick<DialedKite, 'client' | 'operationFor'>,
  options: CallOptions = {},
): Promise<DescribedKite> {
  try {
    return parseDescription(await client.call('kite.describe', [], options));
  } catch (error) {
    throw withDescribeHint(toCliError(error, operationFor('kite.describe')));
  }
}

function withDescribeHint(failure: CliError): CliError {
  if (failure.exitCode !== ExitCode.noSuchMethod) return failure;
  return failure.with({
    hint: 'This kite does not support kite.describe; its methods can still be called by name.',
  });
}

/**
 * Parses the result of `kite.describe`. Malformed methods are left out.
 *
 * @throws KiteError if the result does not contain a list of methods
 */
export function parseDescription(answer: unknown): DescribedKite {
  const { kite, methods } = (answer ?? {}) as { readonly kite?: unknown; readonly methods?: unknown };
  if (!Array.isArray(methods)) {
    throw new KiteError('invalidResponse', 'The result of kite.describe has no list of methods');
  }
  return { kite: parseIdentity(kite), methods: methods.flatMap(parseMethod) };
}

function parseMethod(value: unknown): DescribedMethod[] {
  const { name, authenticated, description, jsonSchema, streams, ...rates } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== 'string' || name === '') return [];
  const throttle = parseRate(rates['throttle']);
  const throttlePerCaller = parseRate(rates['throttlePerCaller']);
  return [
    {
      name,
      authenticated: authenticated !== false,
      ...(throttle && { throttle }),
      ...(throttlePerCaller && { throttlePerCaller }),
      ...(typeof description === 'string' && { description }),
      ...(jsonSchema !== undefined && jsonSchema !== null && { jsonSchema }),
      ...(streams === true && { streams }),
    },
  ];
}

function parseRate(value: unknown): DescribedRate | undefined {
  const { interval, capacity } = (value ?? {}) as Record<string, unknown>;
  return isJsonNumber(interval) && isJsonNumber(capacity) ? { interval, capacity } : undefined;
}

function formatThrottle({ throttle, throttlePerCaller }: DescribedMethod): string {
  const rates = [
    throttle && formatRate(throttle),
    throttlePerCaller && `for each caller ${formatRate(throttlePerCaller)}`,
  ];
  return rates.filter((rate) => rate !== undefined).join('; ');
}

function formatRate({ interval, capacity }: DescribedRate): string {
  return `${String(capacity)} at once, then 1 every ${formatDuration(Number(interval))}`;
}

/** A number of a peer, as JavaScript represents it or as it is written. */
type JsonNumber = number | NumberLiteral;

function isJsonNumber(value: unknown): value is JsonNumber {
  return typeof value === 'number' || isNumberLiteral(value);
}
