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
  const checks: readonly Checked[] = [
    ['The URL of the client', url, (value) => typeof value === 'string', URL_EXPECTED],
    ['The option transport', transport, isTransport, expectedOf(TRANSPORT)],
    ['The option timeout', timeout, isDuration, expectedOf(DURATION)],
    ['The option handshakeTimeout', handshakeTimeout, isDuration, expectedOf(DURATION)],
    ['The option backoff.initial', backoff?.initial, isDuration, expectedOf(DURATION)],
    ['The option backoff.max', backoff?.max, isDuration, expectedOf(DURATION)],
    ['The option auth', auth ?? undefined, isAuth, AUTH_EXPECTED],
  ];
  for (const [name, value, isAccepted, expected] of checks) {
    if ((value === undefined && name !== 'The URL of the client') || isAccepted(value)) continue;
    // A key is secret.
    const shown = name === 'The option auth' ? undefined : value === undefined ? 'undefined' : value;
    throw new ConfigurationError('badValue', invalidValueMessage(name, shown, expected));
  }
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
