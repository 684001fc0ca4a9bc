import { ConfigurationError } from '../protocol/errors.js';
import type { Auth, ClientOptions } from './call/client.js';
import type { AcceptedValue } from './config/accepted-value.js';
import { DURATION, TRANSPORT } from './config/accepted-values.js';
import { invalidValueMessage } from './config/resolve-setting.js';

/** A value of a program and what it has to be. Undefined is accepted. */
export type CheckedValue = readonly [
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
  const { transport, timeout, handshakeTimeout, backoff, auth, trustRemote } = options;
  if (typeof url !== 'string')
    throw invalid('The URL of the client', url === undefined ? 'undefined' : url, URL_EXPECTED);
  requireValues([
    ['The option transport', transport, isTransport, expectedOf(TRANSPORT)],
    ['The option timeout', timeout, isDuration, expectedOf(DURATION)],
    ['The option handshakeTimeout', handshakeTimeout, isDuration, expectedOf(DURATION)],
    ['The option backoff.initial', backoff?.initial, isDuration, expectedOf(DURATION)],
    ['The option backoff.max', backoff?.max, isDuration, expectedOf(DURATION)],
    ['The option trustRemote', trustRemote, isMethodList, METHODS_EXPECTED],
  ]);
  // A key is secret.
  if (auth !== undefined && auth !== null && !isAuth(auth))
    throw invalid('The option auth', undefined, AUTH_EXPECTED);
}

/** @throws ConfigurationError that identifies the first value that is not accepted */
export function requireValues(checks: readonly CheckedValue[]): void {
  for (const [name, value, isAccepted, expected] of checks)
    if (value !== undefined && !isAccepted(value)) throw invalid(name, value, expected);
}

export const METHODS_EXPECTED = 'true, or a list of methods';

/** Whether a value is `true` or a list of methods: of a string, each part would be one. */
export function isMethodList(value: unknown): boolean {
  return value === true || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
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
