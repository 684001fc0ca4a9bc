import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { DURATION } from '../../kite/config/accepted-values.js';
import { usageError } from '../runtime/cli-error.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { callAdminMethod } from './kontrol-admin.js';

/** Lifetime of an invite, in milliseconds. */
export const ACCEPTED_INVITE_TTL: AcceptedValue<number> = {
  description: 'a duration of at least one second, such as 30m, 24h, or 90 for 90 seconds',
  example: '24h',
  parse(value) {
    const ms = DURATION.parse(value);
    return ms !== undefined && ms >= 1000 ? ms : undefined;
  },
};

const DAY = 24 * 3_600_000;
const DAYS = /^(\d{1,5})d$/;

/** Lifetime of a kite key, in milliseconds. Kontrol checks that it is neither too short nor too long. */
export const ACCEPTED_KEY_TTL: AcceptedValue<number> = {
  description: 'a duration of one minute to 100 years, such as 90d, 12h, or 3600 for an hour',
  example: '90d',
  parse(value) {
    const [, days] = (typeof value === 'string' && DAYS.exec(value)) || [];
    const ms = days === undefined ? DURATION.parse(value) : Number(days) * DAY;
    return ms !== undefined && ms >= 60_000 ? ms : undefined;
  },
};

export interface InviteOptions extends KontrolCommandOptions {
  readonly username: string;
  /** Lifetime in milliseconds. Default: set by Kontrol. */
  readonly ttl: number | undefined;
  /** Lifetime of the kite key in milliseconds. Default: it does not expire. */
  readonly keyTtl: number | undefined;
  readonly format: OutputFormat | undefined;
}

/**
 * Creates an invite, with which a user can get one kite key, and prints it.
 *
 * @throws CliError if the user name is invalid, or if Kontrol rejects the call
 */
export async function createInvite(options: InviteOptions, runtime: CommandRuntime): Promise<void> {
  const { username, ttl, keyTtl, format } = options;
  if (username === '' || /[/\s]/.test(username)) {
    throw usageError(
      `Invalid username ${JSON.stringify(username)}: it must not be empty, and not contain "/" or spaces.`,
    );
  }
  const answer = await callAdminMethod(
    options,
    'kontrol.invite',
    [{ username, ...(ttl !== undefined && { ttl }), ...(keyTtl !== undefined && { keyTtl }) }],
    runtime,
  );
  const text = typeof answer === 'string' ? answer : '';
  const fields = [
    { label: 'User', value: username },
    { label: 'Invite', value: text },
  ];
  await printDetails(
    { fields, data: { username, invite: text }, name: text, lines: [text] },
    format,
    runtime,
  );
}
