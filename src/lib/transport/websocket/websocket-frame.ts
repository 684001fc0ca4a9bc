import { randomFillSync } from 'node:crypto';
import type { Masking } from './ascii-frame.js';

export const FINAL_TEXT = 0x81;
export const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;

/** Allocates memory of a size in bytes. It may contain anything. */
export type Allocate = (length: number) => Buffer;

/**
 * Returns a WebSocket frame (RFC 6455, section 5.2) whose last `size` bytes are empty: they are the content. `opcode`: the first
 * byte. Call `maskFrame` after the content was written.
 */
export function newFrame(opcode: number, size: number, masking: Masking, allocate: Allocate): Buffer {
  const lengthBytes = size < 126 ? 0 : size < 65_536 ? 2 : 8;
  const masked = masking !== 'none';
  const header = 2 + lengthBytes + (masked ? MASK_BYTES : 0);
  const frame = allocate(header + size);
  frame[0] = opcode;
  frame[1] = (masked ? MASKED : 0) | (lengthBytes === 0 ? size : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(size, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(size), 2);
  if (masked) frame.fill(0, header - MASK_BYTES, header);
  return frame;
}

/** Masks the content of a frame, if its mask is random. */
export function maskFrame(frame: Buffer, size: number, masking: Masking): void {
  if (masking !== 'random') return;
  const header = frame.length - size;
  const at = header - MASK_BYTES;
  randomFillSync(frame, at, MASK_BYTES);
  const key = [frame[at] ?? 0, frame[at + 1] ?? 0, frame[at + 2] ?? 0, frame[at + 3] ?? 0] as const;
  for (let index = header; index < frame.length; index++)
    frame[index] = (frame[index] ?? 0) ^ (key[(index - header) & 3] ?? 0);
}

/** Encodes a text message as a WebSocket frame, in memory that `allocate` returns. */
export function textFrame(text: string, masking: Masking, allocate: Allocate): Buffer {
  const size = Buffer.byteLength(text);
  const frame = newFrame(FINAL_TEXT, size, masking, allocate);
  const start = frame.length - size;
  // ASCII takes a quarter of the time of other text.
  frame.write(text, start, size === text.length ? 'latin1' : 'utf8');
  maskFrame(frame, size, masking);
  return frame;
}
