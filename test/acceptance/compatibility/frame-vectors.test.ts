import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decodeValues } from '../../../src/lib/dnode/decode-values.js';
import { dnodeLimits } from '../../../src/lib/dnode/dnode-limits.js';
import { encodeValues } from '../../../src/lib/dnode/encode-values.js';
import { BytesMessage, messageText } from '../../../src/lib/transport/channel/outgoing-message.js';
import { decodeBinary } from '../../../src/lib/transport/sockjs/binary-frame.js';
import { FrameBatch } from '../../../src/lib/transport/sockjs/frame-batch.js';
import { decodeServerFrame } from '../../../src/lib/transport/sockjs/frames.js';
import { decodeLines } from '../../../src/lib/transport/sockjs/lines.js';
import { textAsBinary } from '../../helpers/transport/binary-message.js';

interface Vectors {
  readonly frames: readonly { readonly frame: string; readonly messages: readonly string[] }[];
  readonly inArrays: readonly { readonly message: string; readonly server: string }[];
  readonly invalid: readonly { readonly frame: string; readonly code: number }[];
  readonly openFrames: readonly { readonly frame: string; readonly extensions: readonly string[] }[];
}

const LIMIT = 16 * 1024 * 1024;
const vectors = read('lines') as Vectors;

function encoded(messages: readonly string[]): string {
  const batch = new FrameBatch('a[', LIMIT);
  batch.lines = true;
  for (const message of messages) batch.add(message);
  return batch.take();
}

interface ValueVectors {
  /** `value` is an expression of JavaScript. */
  readonly values: readonly { readonly value: string; readonly json: unknown }[];
  readonly malformed: readonly unknown[];
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/forms/${name}.json`, import.meta.url), 'utf8'));
}

describe('the vectors of values', () => {
  const { values, malformed } = read('values') as ValueVectors;

  it('the values of the vectors are encoded and decoded as they say', () => {
    for (const { value, json } of values) {
      // The expressions are in a file of this repository.
      const original: unknown = vm.runInThisContext(value);
      expect(encodeValues(original, 20, 'value', { values: true, bytes: true })).toEqual(json);
      expect(decodeValues(structuredClone(json), dnodeLimits)).toEqual(original);
    }
    console.log(`vectors: ${values.length} values, ${malformed.length} malformed`);
  });

  it('the malformed values of the vectors are rejected', () => {
    for (const json of malformed)
      expect(() => decodeValues(structuredClone(json), dnodeLimits), JSON.stringify(json)).toThrow(
        'is malformed',
      );
  });
});

describe('the vectors of lines', () => {
  it('the frames of the vectors are encoded and decoded as they say', () => {
    for (const { frame, messages } of vectors.frames) {
      expect(encoded(messages)).toBe(frame);
      expect(decodeLines(frame, LIMIT)).toEqual({ type: 'messages', messages });
    }
    for (const { message, server } of vectors.inArrays) {
      expect(encoded([message])).toBe(server);
      expect(decodeServerFrame(server, LIMIT)).toEqual({ type: 'messages', messages: [message] });
    }
    for (const { frame, code } of vectors.invalid)
      expect(decodeLines(frame, LIMIT)).toMatchObject({ type: 'violation', code });
    for (const { frame, extensions } of vectors.openFrames)
      expect(decodeServerFrame(frame, LIMIT)).toEqual({ type: 'open', extensions });
  });
});

describe('the vectors of binary messages', () => {
  const binary = read('binary') as {
    readonly frames: readonly { readonly hex: string; readonly message: string }[];
    readonly accepted: readonly { readonly hex: string; readonly message: string }[];
    readonly invalid: readonly { readonly name: string; readonly hex: string; readonly code: number }[];
    readonly openFrames: readonly { readonly frame: string; readonly extensions: readonly string[] }[];
  };
  const decode = (hex: string): unknown => {
    const decoded = decodeBinary(Buffer.from(hex, 'hex'), LIMIT);
    return decoded instanceof BytesMessage ? JSON.parse(messageText(decoded)) : decoded;
  };

  it('the binary messages of the vectors are encoded and decoded as they say', () => {
    for (const { hex, message } of binary.frames) {
      expect(Buffer.from(textAsBinary(message) ?? []).toString('hex')).toBe(hex);
      expect(decode(hex)).toEqual(JSON.parse(message));
    }
    for (const { hex, message } of binary.accepted) expect(decode(hex)).toEqual(JSON.parse(message));
    for (const { name, hex, code } of binary.invalid)
      expect(decode(hex), name).toMatchObject({ type: 'violation', code });
    for (const { frame, extensions } of binary.openFrames)
      expect(decodeServerFrame(frame, LIMIT)).toEqual({ type: 'open', extensions });
    console.log(`vectors: ${binary.frames.length} binary messages, ${binary.invalid.length} invalid`);
  });
});
