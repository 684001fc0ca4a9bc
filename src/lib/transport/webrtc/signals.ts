import { record } from '../../util/record.js';
import { SESSION_NAME_LENGTH } from '../limits/transport-limits.js';

/**
 * What two pages tell each other by way of Kontrol before they can talk directly, or where they cannot at all: `message` is
 * what would have gone over the data channel.
 */
export type SignalType = 'offer' | 'answer' | 'candidate' | 'leave' | 'message';

/** The way to other pages through Kontrol. */
export interface Signals {
  /** Resolves when Kontrol has passed it on; a `message`, when the other side has taken it, however long that takes. */
  send(type: SignalType, dst: string, payload: object): Promise<unknown>;
}

/** A signal as it came: Kontrol vouches for `src` and `username`, and for nothing else. */
export interface Signal {
  readonly type: string;
  readonly src: string;
  /** Whose kite it is. Undefined where Kontrol does not say. */
  readonly username: string | undefined;
  /** Of which session it is. */
  readonly session: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Undefined where it is none. */
export function readSignal(value: unknown): Signal | undefined {
  const { type, src, username, payload } = record(value);
  const { session } = record(payload);
  if (typeof type !== 'string' || typeof src !== 'string' || typeof session !== 'string') return undefined;
  if (session === '' || session.length > SESSION_NAME_LENGTH) return undefined;
  return {
    type: type.toLowerCase(),
    src,
    username: typeof username === 'string' && username !== '' ? username : undefined,
    session,
    payload: record(payload),
  };
}
