import { record } from '../../util/record.js';
import { SESSION_ID_LENGTH } from '../limits/transport-limits.js';

/**
 * The type of a signal. Two pages send signals through Kontrol to open a data channel. If that fails, `message` signals carry
 * the session.
 */
export type SignalType = 'offer' | 'answer' | 'candidate' | 'leave' | 'message';

/** In a `leave` signal: all sessions with the page. Kontrol sends it when the credentials of that page have been revoked. */
export const ALL_SESSIONS = '*';

/** Sends signals to other pages through Kontrol. */
export interface Signals {
  /** Resolves when Kontrol has forwarded the signal, and for a `message` when the peer has accepted it, without a timeout. */
  send(type: SignalType, dst: string, payload: object): Promise<unknown>;
}

/** A received signal. Kontrol verifies only `src` and `username`. */
export interface Signal {
  readonly type: string;
  readonly src: string;
  /** The user of the kite. Undefined if Kontrol does not send it. */
  readonly username: string | undefined;
  /** The id of the session. */
  readonly session: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Parses a signal. Returns undefined if it is invalid. */
export function parseSignal(value: unknown): Signal | undefined {
  const { type, src, username, payload } = record(value);
  const { session } = record(payload);
  if (typeof type !== 'string' || typeof src !== 'string' || typeof session !== 'string') return undefined;
  if (session === '' || session.length > SESSION_ID_LENGTH) return undefined;
  return {
    type: type.toLowerCase(),
    src,
    username: typeof username === 'string' && username !== '' ? username : undefined,
    session,
    payload: record(payload),
  };
}
