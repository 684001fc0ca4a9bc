import type { PutResult, Registration, SilentMark, StoredCredential, StoredInvite } from './storage.js';

/** A registration to write, and the time at which to check whether its id belongs to another user. */
export interface PutRequest {
  readonly registration: Registration;
  readonly now: number;
}

/** A registration to delete, if it still has this URL. */
export interface DeleteRequest {
  readonly id: string;
  readonly url: string;
}

/** Returns whether `registration` may replace `old`: an id belongs to its user until the entry has expired. */
export function checkOwner(
  old: Registration | undefined,
  registration: Registration,
  now: number,
): PutResult {
  const hasOtherOwner = old !== undefined && old.kite.username !== registration.kite.username;
  return hasOtherOwner && old.expiresAt > now ? 'taken' : 'ok';
}

/** Returns an entry as it is after a heartbeat. */
export function refreshed(old: Registration, expiresAt: number): Registration {
  const { silentSince: _, ...rest } = old;
  return { ...rest, expiresAt };
}

/** Returns an entry with a mark, or undefined if the entry was put since. */
export function silenced(
  old: Registration | undefined,
  { silentSince, expiresAt }: SilentMark,
): Registration | undefined {
  return old && old.expiresAt <= expiresAt ? { ...old, expiresAt, silentSince } : undefined;
}

/** Returns a credential to store in place of `old`. */
export function mergeCredential(
  old: StoredCredential | undefined,
  credential: StoredCredential,
): StoredCredential {
  const [lastUse, endsAt] = [later(old?.lastUse, credential.lastUse), later(old?.endsAt, credential.endsAt)];
  return {
    ...(old ?? credential),
    ...(lastUse !== undefined && { lastUse }),
    ...(endsAt !== undefined && { endsAt }),
  };
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** Returns the invite, or undefined if it has expired. */
export function unexpired(invite: StoredInvite | undefined, now: number): StoredInvite | undefined {
  return invite && invite.expiresAt > now ? invite : undefined;
}
