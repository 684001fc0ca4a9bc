import { makeVisible } from '../../util/make-visible.js';
import { record } from '../../util/record.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import { type Listing, printList } from '../terminal/listing.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { requireConfirmation } from '../terminal/prompt.js';
import { formatTime } from '../terminal/time.js';
import { callAdminMethod } from './kontrol-admin.js';

type UsersCommandOptions = KontrolCommandOptions & { readonly format: OutputFormat | undefined };
type UserOptions = UsersCommandOptions & { readonly username: string };

/** Prints the users that Kontrol knows. */
export async function listUsers(options: UsersCommandOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await callAdminMethod(options, 'kontrol.users', [], runtime);
  await printList(Array.isArray(answer) ? answer : [], users, options.format, runtime);
}

const users: Listing<unknown> = {
  columns: [
    { heading: 'username', text: (user) => textOf(user, 'username') },
    { heading: 'kites', text: (user) => textOf(user, 'kites') },
    { heading: 'keys', text: (user) => textOf(user, 'keys') },
    { heading: 'sessions', text: (user) => textOf(user, 'sessions') },
    { heading: 'last use', text: (user) => timeOf(user, 'lastUse') },
  ],
  data: (user) => user,
  name: (user) => textOf(user, 'username'),
};

/**
 * Prints the kite keys and sessions of a user.
 *
 * @throws CliError if Kontrol does not know the user
 */
export async function showUser(options: UserOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await callAdminMethod(options, 'kontrol.user', [options.username], runtime);
  await printList(Array.isArray(answer) ? answer : [], credentials, options.format, runtime);
}

const credentials: Listing<unknown> = {
  columns: [
    { heading: 'kite key', text: (credential) => textOf(credential, 'id') },
    {
      heading: 'type',
      text: (credential) => (record(credential)['type'] === 'session' ? 'session' : 'kite key'),
    },
    {
      heading: 'state',
      text: (credential) => (record(credential)['revoked'] === true ? 'revoked' : 'valid'),
    },
    { heading: 'issued', text: (credential) => timeOf(credential, 'issuedAt') },
    { heading: 'last use', text: (credential) => timeOf(credential, 'lastUse') },
    { heading: 'ends', text: (credential) => timeOf(credential, 'endsAt') },
  ],
  data: (credential) => credential,
  name: (credential) => textOf(credential, 'id'),
  emptyMessage: 'No kite key of this user has been recorded.',
};

/**
 * Revokes every kite key of a user, with everything that descends from it. This cannot be undone.
 *
 * @throws CliError if the revocation is not confirmed
 */
export async function revokeUser(
  options: UserOptions & { readonly yes: boolean },
  runtime: CommandRuntime,
): Promise<void> {
  const { username, yes, format } = options;
  const question = `Revoke every kite key of ${username}? This cannot be undone, and ${username} must register again.`;
  await requireConfirmation(question, yes, runtime);
  const answer = record(await callAdminMethod(options, 'kontrol.revokeUser', [username], runtime));
  const invites = typeof answer['invites'] === 'number' ? answer['invites'] : 0;
  const deleted = invites === 1 ? '1 unused invite' : `${invites} unused invites`;
  const lines = [`Revoked every kite key of ${username}.`, ...(invites > 0 ? [`Deleted ${deleted}.`] : [])];
  const fields = [
    { label: 'Revoked user', value: username },
    { label: 'Deleted invites', value: String(invites) },
  ];
  const data = { revoked: username, invites };
  await printDetails({ fields, data, name: username, lines }, format, runtime);
  if (answer['known'] === false) {
    const unknown = `Kontrol knows no kite key, invite or kite of ${username}; check the spelling`;
    runtime.stderr.write(`warning: ${makeVisible(unknown)}\n`);
  }
}

function textOf(value: unknown, field: string): string {
  const text = record(value)[field];
  return typeof text === 'string' || typeof text === 'number' ? String(text) : '';
}

function timeOf(value: unknown, field: string): string {
  const time = record(value)[field];
  return typeof time === 'number' && time > 0 ? formatTime(time) : '';
}
