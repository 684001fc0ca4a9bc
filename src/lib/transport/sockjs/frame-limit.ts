import { constants } from 'node:buffer';

/**
 * Returns the maximum size of a frame that is read, in bytes. SockJS puts messages into JSON strings, which makes a message
 * up to three times as long (an emoji of four bytes becomes twelve), and other messages may share its frame. Never more than
 * the maximum length of a string.
 */
export function maxFrameBytes(messageBytes: number): number {
  return Math.min(3 * messageBytes + 64 * 1024, constants.MAX_STRING_LENGTH);
}
