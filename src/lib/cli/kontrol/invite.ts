import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { DURATION } from '../../kite/config/accepted-values.js';
import { DURATION_FORMS } from '../../util/duration.js';
import { usageError } from '../runtime/cli-error.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { administer } from './kontrol-admin.js';

/** For how long an invite can be used, in milliseconds. */
export const TTL: AcceptedValue<number> = {
  description: `a duration of at least one second: ${DURATION_FORMS}`,
  example: '24h',
  parse(value) {
    const ms = DURATION.parse(value);
    return ms !== undefined && ms >= 1000 ? ms : undefined;
  },
};

export interface InviteOptions extends KontrolCommandOptions {
  readonly username: string;
  /** Milliseconds for which it can be used. Undefined: as Kontrol decides. */
  readonly ttl: number | undefined;
  readonly format: OutputFormat | undefined;
}

/** Prints an invite, with which one person gets one kite key. */
export async function invite(options: InviteOptions, runtime: CommandRuntime): Promise<void> {
  const { username, ttl, format } = options;
  if (username === '' || username.includes('/')) {
    throw usageError(`A user name is not empty and contains no "/": ${JSON.stringify(username)}`);
  }
  const answer = await administer(
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
    { fields, data: { username, invite: text }, name: text, text: `${text}\n` },
    format,
    runtime,
  );
}
