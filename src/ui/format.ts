import { stringifyLiterals } from '../lib/util/literal-json.js';
import { PRINTED_LENGTH } from './page-limits.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Formats an age in one or two units: `12 s`, `5 min`, `3 h 20 min`, `4 d`. */
export function formatAge(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return formatPair(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  return formatPair(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h');
}

function formatPair(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${smaller}`;
}

/** Formats milliseconds with significant digits. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Formats a value as indented JSON. `undefined` and functions are shown by name, and numbers as they were received. */
export function formatValue(value: unknown): string {
  const replacer = (_key: string, item: unknown): unknown =>
    typeof item === 'function' ? '[Function]' : item;
  return stringifyLiterals(value, replacer, 2) ?? 'undefined';
}

/** Omits the end of a text that is too long for the page. */
export function truncate(text: string): string {
  return text.length <= PRINTED_LENGTH
    ? text
    : `${text.slice(0, PRINTED_LENGTH)}\n… ${text.length - PRINTED_LENGTH} more characters`;
}
