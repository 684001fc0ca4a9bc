import { string } from '@oclif/core/flags';
import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { DURATION_FORMS, formatDuration, parseDuration } from '../../util/duration.js';
import { usageError } from '../runtime/cli-error.js';
import type { ConnectionOptions } from './with-connection.js';
import { contextFlag } from './context-flags.js';
import { contextInUse } from './contexts.js';
import { checkedUrl, resolveTarget } from './target.js';
import { transportNames } from './transports.js';

const authTypes = ['none', 'kite-key'] as const;

export const kontrolFlag = string({
  summary: 'URL of Kontrol; several with commas. Default: $KITE_KONTROL_URL, or what your kite key says.',
  helpValue: 'URL',
});

/** The flags of every command that talks to a kite. */
export const connectionFlags = {
  to: string({
    summary:
      'The kite: its URL, or a query such as /bob/prod/math. Default: $KITE_TO, the context, or your one kite.',
    description:
      'http://localhost:3636/kite is dialled as it is. /user/environment/name is looked up at Kontrol; of several ' +
      'kites one is picked, and the next where it cannot be reached. Without --to and $KITE_TO it is the one kite of ' +
      'yours that answers.',
    helpValue: 'URL|QUERY',
  }),
  kontrol: kontrolFlag,
  timeout: string({
    summary:
      'How long to wait for an answer: 4 or 4s, 500ms, 1m; 0 waits for ever. Default: $KITE_TIMEOUT, or 15s.',
    helpValue: 'DURATION',
  }),
  transport: string({
    summary:
      'How to connect. Default: $KITE_TRANSPORT, or auto: WebSocket, and XHR polling where that is refused.',
    options: transportNames,
  }),
  auth: string({
    summary: 'Whether to send your kite key.',
    description:
      'Without this flag it is sent, if you have one, to kites on this machine (loopback addresses) only.',
    options: [...authTypes],
  }),
  'key-file': string({
    summary:
      'File with the kite key to send. Default: $KITE_KEY, $KITE_KEY_FILE, the context, or ~/.kite/kite.key.',
    helpValue: 'PATH',
  }),
  context: contextFlag,
};

/** What oclif makes of `connectionFlags`. */
export interface ParsedConnectionFlags {
  readonly to?: string | undefined;
  readonly kontrol?: string | undefined;
  readonly timeout?: string | undefined;
  readonly transport?: string | undefined;
  readonly auth?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly context?: string | undefined;
}

/** @throws CliError where a flag does not say what it must. */
export function connectionOptions(
  flags: ParsedConnectionFlags,
  env: Readonly<Record<string, string | undefined>>,
): ConnectionOptions {
  const target = resolveTarget(flags.to, env, contextInUse(flags.context, env));
  if (target.type === 'url' && flags.kontrol !== undefined) {
    throw usageError(
      `--kontrol is about kites that are looked up, and ${target.url} is a URL.`,
      'Leave it out, or give a query: --to /user/environment/name',
    );
  }
  return {
    target,
    kontrol: kontrolUrls(flags.kontrol),
    timeout: timeoutMs(flags.timeout),
    transport:
      flags.transport === undefined ? undefined : oneOf(flags.transport, transportNames, 'transport'),
    auth: flags.auth === undefined ? undefined : oneOf(flags.auth, authTypes, 'auth'),
    keyFile: flags['key-file'],
    context: flags.context,
  };
}

/** The URLs that `--kontrol` gives, if any. */
export function kontrolUrls(flag: string | undefined): readonly string[] | undefined {
  return flag?.split(',').map((url) => checkedUrl(url.trim(), '--kontrol', 'http://localhost:4000/kite'));
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

/**
 * What a flag, or the variable in its place, says; undefined where it says nothing.
 *
 * @throws CliError that names `source`, where it says nothing that is accepted
 */
export function accepted<Value>(
  text: string | undefined,
  source: string,
  accept: AcceptedValue<Value>,
): Value | undefined {
  if (text === undefined) return undefined;
  const value = accept.parse(text);
  if (value === undefined) throw usageError(`${source} must be ${accept.what}, not ${text}.`);
  return value;
}
