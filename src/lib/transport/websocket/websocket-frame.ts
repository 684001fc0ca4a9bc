import { randomFillSync } from 'node:crypto';
import { type BinaryParts, joinParts } from '../sockjs/binary-frame.js';
import { FINAL_TEXT, type Masking } from './ascii-frame.js';

const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;

/** Allocates memory of a size in bytes. It may contain anything. */
export type Allocate = (length: number) => Buffer;

/**
 * Returns a WebSocket frame (RFC 6455, section 5.2) whose last `size` bytes are empty: they are the content. `opcode`: the first
 * byte. Call `maskFrame` after the content was written.
 */
function newFrame(opcode: number, size: number, masking: Masking, allocate: Allocate): Buffer {
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
function maskFrame(frame: Buffer, size: number, masking: Masking): void {
  if (masking !== 'random') return;
  const header = frame.length - size;
  const at = header - MASK_BYTES;
  randomFillSync(frame, at, MASK_BYTES);
  const key = [frame[at] ?? 0, frame[at + 1] ?? 0, frame[at + 2] ?? 0, frame[at + 3] ?? 0] as const;
  for (let index = header; index < frame.length; index++)
    frame[index] = (frame[index] ?? 0) ^ (key[(index - header) & 3] ?? 0);
}

/**
 * Encodes a text message as a WebSocket frame, in memory that `allocate` returns. `parts`: the text, between characters in any
 * number of parts. Joining a long text would copy it once more. Returns undefined if it exceeds `maxSize` bytes.
 */
export function textFrame(
  parts: readonly string[],
  masking: Masking,
  allocate: Allocate,
  maxSize = Number.POSITIVE_INFINITY,
): Buffer | undefined {
  let size = 0;
  let length = 0;
  for (const part of parts) {
    size += Buffer.byteLength(part);
    length += part.length;
  }
  if (size > maxSize) return undefined;
  const frame = newFrame(FINAL_TEXT, size, masking, allocate);
  let at = frame.length - size;
  // ASCII takes a quarter of the time of other text.
  const encoding = size === length ? 'latin1' : 'utf8';
  for (const part of parts) at += frame.write(part, at, encoding);
  maskFrame(frame, size, masking);
  return frame;
}

/** Encodes a binary message as a WebSocket frame, in memory that `allocate` returns. */
export function binaryFrame(message: BinaryParts, masking: Masking, allocate: Allocate): Buffer {
  const frame = newFrame(FINAL_BINARY, message.size, masking, allocate);
  joinParts(message, frame);
  maskFrame(frame, message.size, masking);
  return frame;
}
