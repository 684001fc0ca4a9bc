import type { Environment } from '../../kite/config/resolve-setting.js';
import { DURATION_FORMS, formatDuration, parseDuration } from '../../util/duration.js';
import { usageError } from '../runtime/cli-error.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { connectionSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { resolveTarget } from './target.js';
import type { ConnectionOptions } from './with-connection.js';

/** The flags of every command that talks to a kite. */
export const connectionFlags = flagsOf(connectionSettings);

/** What oclif makes of `connectionFlags`. */
export type ParsedConnectionFlags = {
  readonly [Flag in keyof typeof connectionFlags]?: string | undefined;
};

/** @throws CliError or ConfigurationError where a flag, or what stands for it, has a value that is not accepted */
export function connectionOptions(flags: ParsedConnectionFlags, env: Environment): ConnectionOptions {
  const settings = CommandSettings.of(connectionSettings, flags, env);
  const target = resolveTarget(settings);
  if (target.type === 'url' && settings.hasFlag(commonSettings.kontrol)) {
    throw usageError(
      `--kontrol is about kites that are looked up, and ${target.url} is a URL.`,
      'Leave it out, or give a query: --to /user/environment/name',
    );
  }
  return { target, settings };
}

/** Milliseconds that `--timeout` gives, if any. */
export function timeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0) {
    throw usageError(
      `--timeout is not a duration: ${text}`,
      `Give it like ${DURATION_FORMS}; 0 waits for ever.`,
    );
  }
  return ms;
}

/** Milliseconds from `min` to `max`, as a flag gives them. */
export function durationMs(text: string, flag: string, min: number, max: number): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= min && ms <= max) return ms;
  throw usageError(
    `--${flag} must be a duration from ${formatDuration(min)} to ${formatDuration(max)}, not ${text}.`,
    `Give it like ${DURATION_FORMS}.`,
  );
}

/** The one of `values` that a flag gives. */
export function oneOf<Value extends string>(text: string, values: readonly Value[], flag: string): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw usageError(`--${flag} must be one of ${values.join(', ')}, not ${text}.`);
  return found;
}

/** A whole number from `min` to `max`, as a flag gives it. */
export function wholeNumber(text: string, flag: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw usageError(`--${flag} must be a whole number from ${min} to ${max}, not ${text}.`);
  }
  return value;
}
