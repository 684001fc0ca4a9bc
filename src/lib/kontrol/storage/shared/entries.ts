import type {
  HeldEntry,
  PutResult,
  Registration,
  SilentMark,
  StoredCredential,
  StoredInvite,
} from './storage.js';

/** A registration to write, and the time at which to check whether its id belongs to another user. */
export interface PutRequest {
  readonly registration: Registration;
  readonly now: number;
  readonly ifAbsent: boolean;
}

/** A registration to delete, if it still has this URL and this node. */
export interface DeleteRequest extends HeldEntry {
  readonly id: string;
}

/**
 * Returns whether a node may refresh, mark or delete an entry: the kite has not registered at another node since. Any node may
 * do so with an entry that an earlier version has written.
 */
export function isHeldBy({ node: holder }: Pick<Registration, 'node'>, node: string | undefined): boolean {
  return holder === undefined || holder === node;
}

/** Returns whether `old` is the entry that a node wants to delete. */
export function isSameEntry(old: Registration | undefined, { url, node }: HeldEntry): boolean {
  return old !== undefined && old.url === url && isHeldBy(old, node);
}

/** Returns whether `registration` may replace `old`: an id belongs to its user until the entry has expired. */
export function checkOwner(
  old: Registration | undefined,
  { registration, now, ifAbsent }: PutRequest,
): PutResult {
  if (old && ifAbsent) return 'taken';
  const hasOtherOwner = old !== undefined && old.kite.username !== registration.kite.username;
  return hasOtherOwner && old.expiresAt > now ? 'taken' : 'ok';
}

/** Returns an entry as it is after a heartbeat. */
export function refreshed(old: Registration, expiresAt: number): Registration {
  const { silentSince: _, ...rest } = old;
  return { ...rest, expiresAt };
}

/** Returns an entry with a mark, or undefined if the entry was put since, or has moved to another node. */
export function silenced(
  old: Registration | undefined,
  { silentSince, expiresAt, node }: SilentMark,
): Registration | undefined {
  if (!old || old.expiresAt > expiresAt || !isHeldBy(old, node)) return undefined;
  return { ...old, expiresAt, silentSince };
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
