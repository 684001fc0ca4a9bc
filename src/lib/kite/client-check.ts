import { ConfigurationError } from '../protocol/errors.js';
import type { Auth, ClientOptions } from './call/client.js';
import type { AcceptedValue } from './config/accepted-value.js';
import { DURATION, TRANSPORT } from './config/accepted-values.js';
import { invalidValueMessage } from './config/resolve-setting.js';

/** A value of a program and what it has to be. */
type Checked = readonly [
  name: string,
  value: unknown,
  isAccepted: (value: unknown) => boolean,
  expected: string,
];

const URL_EXPECTED = 'a string, such as http://localhost:3636/kite';
const AUTH_EXPECTED = 'an object { type, key } of strings, or null';

/**
 * Checks the URL and the options of a client. A URL that is a string is checked when the client dials.
 *
 * @throws ConfigurationError that identifies what cannot be used
 */
export function requireClient(url: unknown, options: ClientOptions = {}): void {
  const { transport, timeout, handshakeTimeout, backoff, auth } = options;
  if (typeof url !== 'string')
    throw invalid('The URL of the client', url === undefined ? 'undefined' : url, URL_EXPECTED);
  const checks: readonly Checked[] = [
    ['The option transport', transport, isTransport, expectedOf(TRANSPORT)],
    ['The option timeout', timeout, isDuration, expectedOf(DURATION)],
    ['The option handshakeTimeout', handshakeTimeout, isDuration, expectedOf(DURATION)],
    ['The option backoff.initial', backoff?.initial, isDuration, expectedOf(DURATION)],
    ['The option backoff.max', backoff?.max, isDuration, expectedOf(DURATION)],
  ];
  for (const [name, value, isAccepted, expected] of checks)
    if (value !== undefined && !isAccepted(value)) throw invalid(name, value, expected);
  // A key is secret.
  if (auth !== undefined && auth !== null && !isAuth(auth))
    throw invalid('The option auth', undefined, AUTH_EXPECTED);
}

/** `value` is not shown if it is undefined. */
function invalid(name: string, value: unknown, expected: string): ConfigurationError {
  return new ConfigurationError('badValue', invalidValueMessage(name, value, expected));
}

function expectedOf({ optionDescription, description }: AcceptedValue<unknown>): string {
  return optionDescription ?? description;
}

function isTransport(value: unknown): boolean {
  return TRANSPORT.parse(value) === value;
}

function isDuration(value: unknown): boolean {
  return (
    typeof value === 'number' && (value === Number.POSITIVE_INFINITY || DURATION.parse(value) !== undefined)
  );
}

function isAuth(value: unknown): boolean {
  const { type, key } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Auth>;
  return typeof type === 'string' && typeof key === 'string';
}
