import { type BinaryParts, joinParts } from '../sockjs/binary-frame.js';
import type { Masking } from './ascii-frame.js';
import { type Allocate, FINAL_BINARY, maskFrame, newFrame } from './websocket-frame.js';

/** Encodes a binary message as a WebSocket frame, in memory that `allocate` returns. */
export function binaryFrame(message: BinaryParts, masking: Masking, allocate: Allocate): Buffer {
  const frame = newFrame(FINAL_BINARY, message.size, masking, allocate);
  joinParts(message, frame);
  maskFrame(frame, message.size, masking);
  return frame;
}
