/**
 * How the frames of one end of a WebSocket are masked: not at all (a server's), with zeros (a client's that nobody stands
 * before), or at random.
 */
export type Masks = 'none' | 'zero' | 'random';

// What Node writes without asking for memory, less the longest header.
const LONGEST = 16_384 - 14;

/**
 * A text message of ASCII as the WebSocket frame that carries it (RFC 6455, section 5.2), to be written as latin1: one
 * string, where header and text would be two pieces of a write that costs twice as much. Undefined for any other
 * message.
 */
export function asciiFrame(text: string, masks: Masks): string | undefined {
  const { length } = text;
  if (masks === 'random' || length > LONGEST || Buffer.byteLength(text) !== length) return undefined;
  const [bit, mask] = masks === 'zero' ? [0x80, '\0\0\0\0'] : [0, ''];
  const size =
    length < 126
      ? String.fromCharCode(FINAL_TEXT, bit | length)
      : String.fromCharCode(FINAL_TEXT, bit | 126, length >> 8, length & 0xff);
  return size + mask + text;
}

const FINAL_TEXT = 0x81;
