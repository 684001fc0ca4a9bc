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

export interface InviteOptions extends KontrolCommandOptions {
  readonly username: string;
  /** Lifetime in milliseconds. Default: set by Kontrol. */
  readonly ttl: number | undefined;
  readonly format: OutputFormat | undefined;
}

/**
 * Creates an invite, with which a user can get one kite key, and prints it.
 *
 * @throws CliError if the user name is invalid, or if Kontrol rejects the call
 */
export async function createInvite(options: InviteOptions, runtime: CommandRuntime): Promise<void> {
  const { username, ttl, format } = options;
  if (username === '' || /[/\s]/.test(username)) {
    throw usageError(
      `Invalid username ${JSON.stringify(username)}: it must not be empty, and not contain "/" or spaces.`,
    );
  }
  const answer = await callAdminMethod(
    options,
    'kontrol.invite',
    [{ username, ...(ttl !== undefined && { ttl }) }],
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
