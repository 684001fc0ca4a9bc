import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { KITE_URL, KITE_URLS, SIGNED_DURATION, wholeNumberFrom } from '../../kite/config/accepted-values.js';
import { keyStores } from './contexts.js';
import type { KeyLocation } from './key-location.js';

/** Any string. */
export const STRING: AcceptedValue<string> = {
  description: 'a string',
  example: 'text',
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

/** Any string, not trimmed. */
export const SECRET: AcceptedValue<string> = { ...STRING, example: 'hunter2', verbatim: true };

export const PATH: AcceptedValue<string> = { ...STRING, description: 'a path', example: 'folder/file.pem' };

/** Accepts one of a fixed set of words. */
export function oneOf<const Word extends string>(
  ...choices: readonly [Word, ...Word[]]
): AcceptedValue<Word> {
  return {
    description: `one of ${choices.join(', ')}`,
    example: choices.at(-1) ?? '',
    choices,
    parse: (value) => choices.find((choice) => choice === value),
  };
}

/** Accepts a whole number from `min` to `max`. */
export function wholeNumber(description: string, min: number, max: number): AcceptedValue<number> {
  return {
    description: `${description} from ${min} to ${max}`,
    example: String(min),
    parse: wholeNumberFrom(min, max),
  };
}

/** Accepts a duration from `min` to `max`, such as `100ms` and `1h`. The value is in milliseconds. */
export function durationBetween(min: string, max: string): AcceptedValue<number> {
  const [from = 0, to = 0] = [min, max].map((text) => SIGNED_DURATION.parse(text));
  return {
    description: `a duration from ${min} to ${max}`,
    example: min,
    parse(value) {
      const ms = SIGNED_DURATION.parse(value);
      return ms !== undefined && ms >= from && ms <= to ? ms : undefined;
    },
  };
}

/** A list from a repeated flag, separated by commas, or both. */
export const LIST: AcceptedValue<readonly string[]> = {
  description: 'a comma-separated list',
  example: 'one,two',
  parse(value) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!texts.every((text) => typeof text === 'string')) return undefined;
    return texts.flatMap((text) => text.split(',').map((one) => one.trim()));
  },
};

/** Headers from a repeated flag, or one per line in a variable. Each is `NAME:VALUE`, or `@FILE` for a file with one per line. */
export const HEADERS: AcceptedValue<readonly string[]> = {
  description: 'NAME:VALUE, or @FILE for a file with one per line',
  example: 'X-Tenant: blue',
  parse(value) {
    const texts: readonly unknown[] =
      typeof value === 'string' ? value.split(/\r?\n/).filter((line) => line.trim() !== '') : toList(value);
    const isHeader = (text: unknown): text is string =>
      typeof text === 'string' && /^(?:@.|[^:]+:)/s.test(text);
    return texts.every(isHeader) ? texts : undefined;
  },
};

/** A file with headers, for contexts, which contain no secrets. */
export const HEADER_FILE: AcceptedValue<readonly string[]> = {
  description: '@FILE, a file with one header per line',
  example: '@/home/bob/.kite/headers.txt',
  parse: (value) => (typeof value === 'string' && /^@./s.test(value) ? [value] : undefined),
};

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** URL of a kite without credentials, because other users can see the command line. */
export const PLAIN_URL: AcceptedValue<string> = {
  description: `${KITE_URL.description}, without a user name or password`,
  example: KITE_URL.example,
  parse(value) {
    const url = KITE_URL.parse(value);
    if (url === undefined) return undefined;
    const { username, password } = new URL(url);
    return username === '' && password === '' ? url : undefined;
  },
};

/** One or more URLs of kites without credentials. */
export const PLAIN_URLS: AcceptedValue<readonly string[]> = {
  description: `${KITE_URLS.description}, without a user name or password`,
  example: PLAIN_URL.example,
  parse(value) {
    const texts = LIST.parse(value);
    const urls = texts?.map((text) => PLAIN_URL.parse(text)).filter((url) => url !== undefined);
    return urls && urls.length === texts?.length ? urls : undefined;
  },
};

/** A target as the user writes it: the URL of a kite, or a query. */
export type TargetValue =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'query'; readonly path: string };

export const TARGET: AcceptedValue<TargetValue> = {
  description: `${PLAIN_URL.description}, such as http://localhost:3636/kite, or a query, such as /bob/prod/math`,
  example: 'http://localhost:3636/kite',
  parse(value) {
    if (typeof value === 'string' && value.startsWith('/')) return { type: 'query', path: value };
    const url = PLAIN_URL.parse(value);
    return url === undefined ? undefined : { type: 'url', url };
  },
};

export const KEY_STORE = oneOf(...keyStores);

/** Location of a kite key: the path of a file, or the location that a context defines. */
export const KEY_LOCATION: AcceptedValue<KeyLocation> = {
  description: 'the path of a file with a kite key',
  example: '/home/bob/.kite/prod.key',
  parse: (value) =>
    typeof value === 'string' ? { type: 'file', file: value } : (value as KeyLocation | undefined),
};

/** The states of kites that `kitectl wait` waits for. */
export const WAIT_STATES = ['registered', 'answering', 'gone'] as const;

/** One condition of `kitectl wait`. */
export type WaitPart = { readonly state: (typeof WAIT_STATES)[number] } | { readonly count: number };

/** Conditions of `kitectl wait`, from repeated flags or separated by commas. */
export const WAIT_PARTS: AcceptedValue<readonly WaitPart[]> = {
  description: `${WAIT_STATES.join(', ')} or count=N`,
  example: 'answering',
  beginnings: [...WAIT_STATES, 'count='],
  parse(value) {
    const texts = LIST.parse(value);
    const parts = texts?.flatMap((text) => parseWaitPart(text) ?? []);
    return parts && parts.length > 0 && parts.length === texts?.length ? parts : undefined;
  },
};

function parseWaitPart(text: string): WaitPart | undefined {
  const state = WAIT_STATES.find((each) => each === text);
  if (state) return { state };
  const [, digits] = /^count=(\d{1,9})$/.exec(text) ?? [];
  return digits === undefined || Number(digits) === 0 ? undefined : { count: Number(digits) };
}
