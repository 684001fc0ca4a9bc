/** Returns the payloads of the text frames of a client, unmasked, and the bytes of a frame that is not complete. */
export function readClientFrames(bytes: Buffer): { readonly payloads: string[]; readonly rest: Buffer } {
  const payloads: string[] = [];
  let rest = bytes;
  for (;;) {
    const frame = readFrame(rest);
    if (!frame) return { payloads, rest };
    if (frame.opcode === 1) payloads.push(frame.payload.toString());
    rest = rest.subarray(frame.size);
  }
}

function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extended + 4;
  if (bytes.length < start) return undefined;
  const length = extended === 0 ? short : bytes.readUIntBE(extended === 2 ? 2 : 4, extended === 2 ? 2 : 6);
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, size: start + length };
}
