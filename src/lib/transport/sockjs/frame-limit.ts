import { constants } from 'node:buffer';

/**
 * Bytes of the largest frame worth reading. SockJS writes JSON text as a JSON string, which makes a message up to three
 * times as long (an emoji of four bytes becomes twelve), and other messages may share its frame. Never more than a string
 * can hold.
 */
export function frameBytes(messageBytes: number): number {
  return Math.min(3 * messageBytes + 64 * 1024, constants.MAX_STRING_LENGTH);
}
