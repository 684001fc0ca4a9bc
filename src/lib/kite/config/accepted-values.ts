import { DURATION_FORMS, parseDuration } from '../../util/duration.js';
import { parseNetwork } from '../../util/ip-addresses.js';
import { LOG_LEVELS, type LogLevel } from '../../util/stderr-logger.js';
import { type Transport, TRANSPORT_NAMES } from '../../transport/handshake/transport-names.js';
import { nameProblem } from '../../protocol/identity-name.js';
import type { AcceptedValue } from './accepted-value.js';

/** A field of the identity of a kite, which becomes part of its path. */
export const NAME: AcceptedValue<string> = {
  description: 'a name without "/", invisible characters or surrounding spaces, in its normal form (NFKC)',
  example: 'prod',
  parse: (value) => (typeof value === 'string' && nameProblem(value) === undefined ? value : undefined),
};

export const IP: AcceptedValue<string> = {
  description: 'an IP address or host name to listen on, such as 127.0.0.1, 0.0.0.0 or ::',
  example: '127.0.0.1',
  parse: (value) => (typeof value === 'string' && /^[\w.:%-]+$/.test(value) ? value : undefined),
};

export const PORT: AcceptedValue<number> = {
  description: 'a port from 0 (any free port) to 65535',
  example: '3636',
  parse: wholeNumberFrom(0, 65_535),
};

/** Returns a parser of whole numbers from `min` to `max`, as numbers or strings of digits. */
export function wholeNumberFrom(min: number, max: number): (value: unknown) => number | undefined {
  return (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    const isWhole = typeof number === 'number' && Number.isInteger(number);
    return isWhole && number >= min && number <= max ? number : undefined;
  };
}

const THREE_NUMBERS = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;

export const VERSION: AcceptedValue<string> = {
  description: 'three numbers, such as 1.0.0 (or 1.0.0-beta.1)',
  example: '1.2.3',
  parse: (value) => (typeof value === 'string' && THREE_NUMBERS.test(value) ? value : undefined),
};

/** A duration in milliseconds; 0 means no limit. */
export const DURATION: AcceptedValue<number> = {
  description: `a duration, 0 or more: ${DURATION_FORMS}`,
  optionDescription: 'a number of milliseconds, 0 or more',
  example: '4s',
  parse(value) {
    const ms = milliseconds(value);
    return ms !== undefined && ms >= 0 ? ms : undefined;
  },
};

/** A duration in milliseconds, which may be negative. */
export const SIGNED_DURATION: AcceptedValue<number> = {
  description: `a duration: ${DURATION_FORMS}, or -1s for never`,
  optionDescription: 'a number of milliseconds',
  example: '1m',
  parse: milliseconds,
};

export const KITE_URL: AcceptedValue<string> = {
  description: 'a URL that begins with http://, https://, ws:// or wss://',
  example: 'http://127.0.0.1:4000/kite',
  parse(value) {
    if (typeof value !== 'string') return undefined;
    const url = value.trim();
    return URL.canParse(url) && /^(?:https?|wss?):\/\//i.test(url) ? url : undefined;
  },
};

export const KITE_URLS: AcceptedValue<readonly string[]> = {
  description: 'one or more URLs, separated by commas, that begin with http://, https://, ws:// or wss://',
  example: 'http://127.0.0.1:4000/kite,https://kontrol.example.com/kite',
  parse(value) {
    const list: readonly unknown[] =
      typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
    const urls = list.map((url) => KITE_URL.parse(url)).filter((url) => url !== undefined);
    return urls.length === list.length && urls.length > 0 ? urls : undefined;
  },
};

export const ORIGINS: AcceptedValue<readonly string[] | '*'> = {
  description: 'one or more origins, separated by commas, such as https://app.example.com, or * for any',
  example: 'https://app.example.com',
  parse: listOf(/^(?:\*|null|[a-z][a-z\d+.-]*:\/\/[^/\s,]+)$/i),
};

export const HOSTS: AcceptedValue<readonly string[] | '*'> = {
  description:
    'one or more host names without port, separated by commas, such as math.example.com, or * for any',
  example: 'math.example.com',
  parse: listOf(/^(?:\*|[\w.-]+|\[[\da-f:.]+\])$/i),
};

export const NETWORKS: AcceptedValue<readonly string[]> = {
  description: 'one or more IP addresses or networks, separated by commas, such as 10.1.0.0/16 or fd00::/8',
  example: '10.1.0.0/16',
  parse(value) {
    const entries = entriesOf(value);
    return entries.every((entry) => parseNetwork(entry)) ? entries : undefined;
  },
};

const PROXY_SCHEME = /^(?:https?|socks[45]|socks4a|socks5h):$/;

export const FORWARD_PROXY: AcceptedValue<URL> = {
  description:
    'the URL of a proxy with http, https, socks4, socks4a, socks5 or socks5h, such as http://proxy.example.com:3128',
  example: 'http://proxy.example.com:3128',
  parse: (value) => (typeof value === 'string' ? parseProxyUrl(value) : undefined),
};

/** Parses the URL of a proxy. Without a scheme, it is an http URL. */
function parseProxyUrl(value: string): URL | undefined {
  const text = value.includes('://') ? value : `http://${value}`;
  if (/[\s,\p{C}]/u.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return PROXY_SCHEME.test(url.protocol) && url.hostname !== '' ? url : undefined;
}

/** Variables such as NO_PROXY are shared by many programs, which ignore entries that they do not know. */
export const PROXY_EXCEPTIONS: AcceptedValue<string> = {
  description: 'hosts, separated by commas',
  example: 'localhost,.example.com,10.0.0.0/8',
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

/** Returns a parser of lists, or strings separated by commas, of entries that match. */
function listOf(entry: RegExp): (value: unknown) => readonly string[] | '*' | undefined {
  return (value) => {
    const entries = entriesOf(value);
    if (!entries.every((text) => entry.test(text))) return undefined;
    return entries.includes('*') ? '*' : entries;
  };
}

/** Returns the entries of a list, or of a string separated by commas. Anything else is one empty entry. */
function entriesOf(value: unknown): readonly string[] {
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [undefined];
  return list.map((item) => (typeof item === 'string' ? item.trim() : ''));
}

export const TRANSPORT: AcceptedValue<Transport> = {
  description: `one of ${Object.keys(TRANSPORT_NAMES).join(', ')}`,
  optionDescription: `one of ${Object.values(TRANSPORT_NAMES).join(', ')}`,
  example: 'xhr',
  choices: Object.keys(TRANSPORT_NAMES),
  parse: (value) =>
    Object.entries(TRANSPORT_NAMES).find(
      ([name, transport]) => equalsIgnoringCase(name, value) || equalsIgnoringCase(transport, value),
    )?.[1],
};

// Names of levels in the Go implementation.
const LEVEL_ALIASES: Readonly<Record<string, LogLevel>> = {
  notice: 'info',
  warning: 'warn',
  critical: 'error',
  fatal: 'error',
};

export const LOG_LEVEL: AcceptedValue<LogLevel> = {
  description: `one of ${LOG_LEVELS.join(', ')}`,
  example: 'debug',
  choices: LOG_LEVELS,
  parse(value) {
    const alias = Object.entries(LEVEL_ALIASES).find(([name]) => equalsIgnoringCase(name, value));
    return alias?.[1] ?? LOG_LEVELS.find((name) => equalsIgnoringCase(name, value));
  },
};

export const SWITCH: AcceptedValue<boolean> = {
  description: 'true or false',
  example: 'true',
  choices: ['true', 'false'],
  parse(value) {
    if (typeof value === 'boolean') return value;
    if (equalsIgnoringCase('true', value) || value === '1') return true;
    return equalsIgnoringCase('false', value) || value === '0' ? false : undefined;
  },
};

/** Accepts any string, and parses it to `constant`: for variables such as `NO_COLOR`. */
export function constantWhenSet<Value>(constant: Value): AcceptedValue<Value> {
  return { description: 'set, or not', example: '1', verbatim: true, parse: () => constant };
}

function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'string') return parseDuration(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function equalsIgnoringCase(name: string, value: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase() === name.toLowerCase();
}
