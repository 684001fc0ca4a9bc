import { randomFillSync } from 'node:crypto';
import { type BinaryParts, joinParts } from '../sockjs/binary-frame.js';
import type { Masking } from './ascii-frame.js';

const FINAL_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;

/** Encodes a binary message as a WebSocket frame (RFC 6455, section 5.2), in memory that `allocate` returns. */
export function binaryFrame(
  message: BinaryParts,
  masking: Masking,
  allocate: (length: number) => Buffer,
): Buffer {
  const { size } = message;
  const lengthBytes = size < 126 ? 0 : size < 65_536 ? 2 : 8;
  const masked = masking !== 'none';
  const header = 2 + lengthBytes + (masked ? MASK_BYTES : 0);
  const frame = allocate(header + size);
  frame[0] = FINAL_BINARY;
  frame[1] = (masked ? MASKED : 0) | (lengthBytes === 0 ? size : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(size, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(size), 2);
  joinParts(message, frame);
  if (masked) mask(frame, header, masking);
  return frame;
}

function mask(frame: Buffer, header: number, masking: Masking): void {
  const at = header - MASK_BYTES;
  if (masking === 'zero') {
    frame.fill(0, at, header);
    return;
  }
  randomFillSync(frame, at, MASK_BYTES);
  const key = [frame[at] ?? 0, frame[at + 1] ?? 0, frame[at + 2] ?? 0, frame[at + 3] ?? 0] as const;
  for (let index = header; index < frame.length; index++)
    frame[index] = (frame[index] ?? 0) ^ (key[(index - header) & 3] ?? 0);
}
