import { ConfigurationError } from '../../protocol/errors.js';
import { DURATION_FORMS, parseDuration } from '../../util/duration.js';
import { LOG_LEVELS, type LogLevel } from '../../util/stderr-logger.js';
import type { Transport } from '../call/client.js';

/** A kind of value that is configured, as an option or as the text of an environment variable. */
export interface Accept<Value> {
  /** What is accepted, to end a sentence. */
  readonly what: string;
  /** Undefined: not accepted. */
  parse(value: unknown): Value | undefined;
}

/** The value that an option has. Undefined where it is not set. */
export function fromOption<Value>(option: string, value: unknown, accept: Accept<Value>): Value | undefined {
  if (value === undefined) return undefined;
  return accept.parse(value) ?? refuse(`The option ${option}`, value, accept.what);
}

/** The value that an environment variable has. Undefined where it is not set or empty. */
export function fromVariable<Value>(
  name: string,
  value: string | undefined,
  accept: Accept<Value>,
): Value | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  return accept.parse(value.trim()) ?? refuse(`The environment variable ${name}`, value, accept.what);
}

export function refuse(source: string, value: unknown, what: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(withoutPassword(value)) : String(value);
  throw new ConfigurationError('badValue', `${source} is ${shown}; it must be ${what}`);
}

/** A field of the kite's identity, which becomes a part of its path. */
export const NAME: Accept<string> = {
  what: 'a text without "/"',
  parse: (value) => (typeof value === 'string' && value !== '' && !value.includes('/') ? value : undefined),
};

export const IP: Accept<string> = {
  what: 'an IP address or host name to listen at, such as 127.0.0.1, 0.0.0.0 or ::',
  parse: (value) => (typeof value === 'string' && /^[\w.:%-]+$/.test(value) ? value : undefined),
};

export const PORT: Accept<number> = {
  what: 'a port from 0 (any that is free) to 65535',
  parse(value) {
    const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
    return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535
      ? port
      : undefined;
  },
};

const THREE_NUMBERS = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;

export const VERSION: Accept<string> = {
  what: 'three numbers, such as 1.0.0 (or 1.0.0-beta.1)',
  parse: (value) => (typeof value === 'string' && THREE_NUMBERS.test(value) ? value : undefined),
};

/** Milliseconds of a duration, 0 = without end. */
export const DURATION: Accept<number> = {
  what: `a duration, 0 or more: ${DURATION_FORMS} (an option is a number of milliseconds)`,
  parse(value) {
    const ms = milliseconds(value);
    return ms !== undefined && ms >= 0 ? ms : undefined;
  },
};

/** Milliseconds of a duration, which may be negative. */
export const SIGNED_DURATION: Accept<number> = {
  what: `a duration: ${DURATION_FORMS}, or -1s for never (an option is a number of milliseconds)`,
  parse: milliseconds,
};

export const KITE_URL: Accept<string> = {
  what: 'a URL that begins with http://, https://, ws:// or wss://',
  parse(value) {
    if (typeof value !== 'string') return undefined;
    const url = value.trim();
    return URL.canParse(url) && /^(?:https?|wss?):\/\//i.test(url) ? url : undefined;
  },
};

export const KITE_URLS: Accept<readonly string[]> = {
  what: 'one or more URLs with commas between them, each beginning with http://, https://, ws:// or wss://',
  parse(value) {
    const list: readonly unknown[] =
      typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
    const urls = list.map((url) => KITE_URL.parse(url)).filter((url) => url !== undefined);
    return urls.length === list.length && urls.length > 0 ? urls : undefined;
  },
};

export const ORIGINS: Accept<readonly string[] | '*'> = {
  what: 'one or more origins with commas between them, each a scheme and a host such as https://app.example.com, or * for any',
  parse: listOf(/^(?:\*|null|[a-z][a-z\d+.-]*:\/\/[^/\s,]+)$/i),
};

export const HOSTS: Accept<readonly string[] | '*'> = {
  what: 'one or more host names without port, with commas between them, such as math.example.com, or * for any',
  parse: listOf(/^(?:\*|[\w.-]+|\[[\da-f:.]+\])$/i),
};

/** Reads a list, or a text with commas, of entries that look like this. */
function listOf(entry: RegExp): (value: unknown) => readonly string[] | '*' | undefined {
  return (value) => {
    const list: readonly unknown[] =
      typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [undefined];
    const texts = list.map((item) => (typeof item === 'string' ? item.trim() : ''));
    if (!texts.every((text) => entry.test(text))) return undefined;
    return texts.includes('*') ? '*' : texts;
  };
}

const TRANSPORTS: readonly Transport[] = ['auto', 'WebSocket', 'RawWebSocket', 'XHRPolling'];

export const TRANSPORT: Accept<Transport> = {
  what: `one of ${TRANSPORTS.join(', ')}`,
  parse: (value) => TRANSPORTS.find((name) => sameWord(name, value)),
};

// Names of the reference's levels that are not ours.
const OTHER_LEVELS: Readonly<Record<string, LogLevel>> = {
  notice: 'info',
  warning: 'warn',
  critical: 'error',
  fatal: 'error',
};

export const LOG_LEVEL: Accept<LogLevel> = {
  what: `one of ${LOG_LEVELS.join(', ')}`,
  parse(value) {
    const other = Object.entries(OTHER_LEVELS).find(([name]) => sameWord(name, value));
    return other?.[1] ?? LOG_LEVELS.find((name) => sameWord(name, value));
  },
};

export const FLAG: Accept<boolean> = {
  what: 'true or false',
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};

function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'string') return parseDuration(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function sameWord(name: string, value: unknown): boolean {
  return typeof value === 'string' && value.toLowerCase() === name.toLowerCase();
}

// A URL may carry a password, which must not reach a log.
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//…@');
}
