import { KiteError } from '../../protocol/errors.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import { record } from '../../util/record.js';

/** How much the sender of a stream may send before the receiver has taken items: as many items, and as many bytes. */
export interface StreamWindow {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Reads the window that the receiver of a stream offers. It is at most what the limits of this side allow.
 *
 * @throws KiteError `argumentError` if it is not two positive integers
 */
export function readWindow(value: unknown, { streamItems, streamBytes }: StreamLimits): StreamWindow {
  const { items, bytes } = record(value);
  if (!isPositive(items) || !isPositive(bytes))
    throw new KiteError(
      'argumentError',
      'The window of a stream must have two positive integers, items and bytes',
    );
  return { items: Math.min(items, streamItems), bytes: Math.min(bytes, streamBytes) };
}

export function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** The size of an item in a message of several: its share of the size of the message. The first has the rest. */
export function itemSize(size: number, items: number, index: number): number {
  const share = Math.floor(size / items);
  return index === 0 ? size - share * (items - 1) : share;
}
