import { stringifyLiterals } from '../lib/util/literal-json.js';
import { plainValue } from '../lib/util/plain-value.js';
import { PRINTED_LENGTH, SHOWN_BYTES } from './page-limits.js';

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

/**
 * Formats a value as indented JSON, in the form of `plainValue`. Numbers are shown as they were received, `undefined` by name, and
 * bytes as their number and the first of them.
 */
export function formatValue(value: unknown): string {
  if (value instanceof Uint8Array) return formatBytes(value);
  return stringifyLiterals(plainValue(value), undefined, 2) ?? 'undefined';
}

/** Number of bytes in a line. */
const HEX_COLUMNS = 8;

function formatBytes(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, SHOWN_BYTES);
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += HEX_COLUMNS) {
    const line = Array.from(shown.subarray(at, at + HEX_COLUMNS));
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * HEX_COLUMNS)} ${text}`);
  }
  const more = bytes.length - shown.length;
  return [
    `${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`,
    ...lines,
    ...(more > 0 ? [`… ${more} more bytes`] : []),
  ].join('\n');
}

/** Omits the end of a text that is too long for the page. */
export function truncate(text: string, length = PRINTED_LENGTH): string {
  return text.length <= length ? text : `${text.slice(0, length)}\n… ${text.length - length} more characters`;
}
