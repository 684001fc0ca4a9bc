import { DURATION_FORMS, parseDuration } from '../../util/duration.js';
import { usageError } from '../runtime/cli-error.js';
import type { KontrolOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import { administer } from './kontrol-admin.js';

export interface InviteOptions extends KontrolOptions {
  readonly username: string;
  /** How long it can be used, as a duration. Undefined: as long as Kontrol says. */
  readonly ttl: string | undefined;
  readonly format: OutputFormat | undefined;
}

/** Prints an invite, with which one person gets one kite key. */
export async function invite(options: InviteOptions, surroundings: Surroundings): Promise<void> {
  const { username, format } = options;
  if (username === '' || username.includes('/')) {
    throw usageError(`A user name is not empty and contains no "/": ${JSON.stringify(username)}`);
  }
  const ttl = ttlOf(options.ttl);
  const answer = await administer(
    options,
    'kontrol.invite',
    [{ username, ...(ttl !== undefined && { ttl }) }],
    surroundings,
  );
  const text = typeof answer === 'string' ? answer : '';
  const fields = [
    { label: 'User', value: username },
    { label: 'Invite', value: text },
  ];
  await printDetails(
    { fields, data: { username, invite: text }, name: text, text: `${text}\n` },
    format,
    surroundings,
  );
}

function ttlOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1000) return ms;
  throw usageError(
    `--ttl must be a duration of at least one second: ${text}`,
    `Give it like ${DURATION_FORMS}.`,
  );
}
