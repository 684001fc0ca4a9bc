import type { PutResult, Registration, StoredInvite } from './storage.js';

/** Whether `registration` may take the place of `old`: an id belongs to its user until the entry has expired. */
export function mayReplace(
  old: Registration | undefined,
  registration: Registration,
  now: number,
): PutResult {
  const others = old !== undefined && old.kite.username !== registration.kite.username;
  return others && old.expiresAt > now ? 'taken' : 'ok';
}

/** An invite that has expired is none. */
export function unexpired(invite: StoredInvite | undefined, now: number): StoredInvite | undefined {
  return invite && invite.expiresAt > now ? invite : undefined;
}
