const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // Go prints the micro sign, and also accepts the Greek letter.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
const PLAIN = /^(?:\d+(?:\.\d*)?|\.\d+)$/;

/** The formats that `parseDuration` supports, for messages. */
export const DURATION_FORMS = '15s, 500ms, 5m, 1h30m, or 15 for 15 seconds';

/**
 * Parses a duration in the format of Go (`15s`, `1h30m`, `1.5s`, `-1s`) and returns it in milliseconds. A number without a unit
 * is in seconds. Returns undefined if the text is invalid.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  const negative = trimmed.startsWith('-');
  const digits = negative || trimmed.startsWith('+') ? trimmed.slice(1) : trimmed;
  const ms = PLAIN.test(digits) ? Number(digits) * 1000 : parseUnits(digits);
  if (ms === undefined || !Number.isFinite(ms)) return undefined;
  return negative && ms !== 0 ? -ms : ms;
}

/** Formats milliseconds as Go does: `1h30m0s`, `15s`, `1.5s`, `500ms`, `100µs`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1e-3) return `${formatNumber(ms * 1e6)}ns`;
  if (ms < 1) return `${formatNumber(ms * 1e3)}\u00b5s`;
  if (ms < 1000) return `${formatNumber(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = formatNumber((ms % 60_000) / 1000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function parseUnits(text: string): number | undefined {
  if (text === '') return undefined;
  let ms = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    if (!part) return undefined;
    ms += Number(part[1]) * (MILLISECONDS[part[2] ?? ''] ?? Number.NaN);
  }
  return ms;
}

// Rounds to nine decimals, so that 1.1 does not become 1.1000000000000001.
function formatNumber(value: number): string {
  return String(Number(value.toFixed(9)));
}
