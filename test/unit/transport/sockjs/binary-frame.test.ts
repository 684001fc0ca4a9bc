import { describe, expect, it } from 'vitest';
import {
  BytesMessage,
  Fragment,
  messageText,
} from '../../../../src/lib/transport/channel/outgoing-message.js';
import { BINARY_VALUES } from '../../../../src/lib/transport/limits/transport-limits.js';
import { decodeBinary } from '../../../../src/lib/transport/sockjs/binary-frame.js';
import { seedOfRun } from '../../../helpers/fuzz/fuzz-run.js';
import { seededRandom } from '../../../helpers/process/random.js';
import { binaryMessage } from '../../../helpers/transport/binary-message.js';

const LIMIT = 16 * 1024 * 1024;
const START = '{"method":1,"arguments":[{"$":"bytes","v":';
const BETWEEN = '},{"$":"bytes","v":';
const END = '}],"callbacks":{},"values":true}';

function encoded(pieces: ConstructorParameters<typeof BytesMessage>[0], limit = LIMIT): Uint8Array {
  return binaryMessage(new BytesMessage(pieces), limit);
}

/** Returns the text of a decoded message with base64, or the violation. */
function meaning(frame: Uint8Array, limit = LIMIT): unknown {
  const decoded = decodeBinary(frame, limit);
  return decoded instanceof BytesMessage ? messageText(decoded) : decoded;
}

const sample = [START, Uint8Array.of(1, 2, 3), BETWEEN, new Uint8Array(0), BETWEEN, new Uint8Array(400), END];

describe('a binary message', () => {
  it('a binary message means the text that has base64 instead of each value', () => {
    expect(String(meaning(encoded(sample))).replace(/ +/g, '')).toBe(messageText(new BytesMessage(sample)));
    const pieces = [new Fragment('{"method":'), 7, ',"ü":{"$":"bytes","v":', Uint8Array.of(255), END];
    expect(String(meaning(encoded(pieces))).replace(/ +/g, '')).toBe(
      `{"method":7,"ü":{"$":"bytes","v":"/w=="${END}`,
    );
  });

  it('each value begins at a multiple of eight bytes, whatever precedes it', () => {
    for (let length = 0; length < 20; length++) {
      const frame = encoded([
        `{"${'é'.repeat(length)}":${START}`,
        Uint8Array.of(9),
        BETWEEN,
        Uint8Array.of(8),
        END,
      ]);
      const decoded = decodeBinary(frame, LIMIT) as BytesMessage;
      const values = decoded.pieces.filter((piece) => piece instanceof Uint8Array);
      expect(values.map((value) => [...value, value.byteOffset % 8])).toEqual([
        [9, 0],
        [8, 0],
      ]);
    }
  });

  it('a binary message that is cut anywhere, or has more bytes, is rejected with 1002', () => {
    const frame = encoded(sample);
    let cuts = 0;
    for (let length = 0; length < frame.length; length++, cuts++)
      expect(meaning(frame.subarray(0, length)), `${length} bytes`).toMatchObject({ code: 1002 });
    for (let more = 1; more < 10; more++)
      expect(meaning(Buffer.concat([frame, new Uint8Array(more)]))).toMatchObject({ code: 1002 });
    console.log(`${cuts} cuts of a binary message are rejected`);
  });

  it('a binary message above the limit is rejected with 1009, and is not made', () => {
    const frame = encoded(sample);
    expect(meaning(frame, frame.length)).toBeTypeOf('string');
    expect(meaning(frame, frame.length - 1)).toMatchObject({ code: 1009 });
    expect(() => encoded(sample, frame.length - 1)).toThrow('cannot be a binary message');
  });

  it('a binary message with more values than BINARY_VALUES is rejected with 1008, and is not made', () => {
    const pieces = (values: number): (string | Uint8Array)[] => [
      START,
      ...Array.from({ length: values - 1 }, () => [new Uint8Array(0), BETWEEN]).flat(),
      new Uint8Array(0),
      END,
    ];
    const frame = encoded(pieces(BINARY_VALUES));
    expect(decodeBinary(frame, LIMIT)).toBeInstanceOf(BytesMessage);
    const text = Buffer.from(BETWEEN);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    // One value more, before the last text.
    const last = 4 + END.length;
    const more = Buffer.concat([
      frame.subarray(0, -last),
      length,
      text,
      Buffer.alloc(4),
      frame.subarray(-last),
    ]);
    expect(meaning(more)).toMatchObject({ code: 1008 });
    expect(() => encoded(pieces(BINARY_VALUES + 1))).toThrow('cannot be a binary message');
  });

  it('mutated binary messages never throw, and those that are accepted are one line of text and values', () => {
    const random = seededRandom(seedOfRun('binary messages'));
    const pick = (limit: number): number => Math.floor(random() * limit);
    const counts = { accepted: 0, rejected: 0 };
    for (let round = 0; round < 50_000; round++) {
      const frame = Buffer.from(encoded(sample.slice(0, 4).concat(END)));
      for (let times = 1 + pick(2); times > 0; times--) {
        // Lengths are what matters most.
        const at = random() < 0.5 ? pick(4) + (random() < 0.5 ? 0 : 44 + pick(16)) : pick(frame.length);
        frame[Math.min(at, frame.length - 1)] = random() < 0.5 ? pick(64) : pick(256);
      }
      const decoded = decodeBinary(frame, LIMIT);
      counts[decoded instanceof BytesMessage ? 'accepted' : 'rejected']++;
      if (!(decoded instanceof BytesMessage)) continue;
      const again = decodeBinary(encoded(decoded.pieces), LIMIT) as BytesMessage;
      const text = messageText(decoded);
      expect(messageText(again).replace(/ +/g, '')).toBe(text.replace(/ +/g, ''));
      expect(text).not.toMatch(/[\n\r]/);
    }
    console.log(`mutated binary messages: ${JSON.stringify(counts)}`);
    expect(counts.accepted).toBeGreaterThan(1000);
    expect(counts.rejected).toBeGreaterThan(1000);
  });
});
