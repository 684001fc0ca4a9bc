import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/lib/kite/call/connection.js';
import { EnvelopeCache } from '../../../src/lib/kite/call/envelope-cache.js';
import type { IncomingCall } from '../../../src/lib/kite/call/envelope.js';
import { messageJson, type Numbers } from '../../../src/lib/kite/call/message-numbers.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import type { Channel, ChannelReceiver } from '../../../src/lib/transport/channel/channel.js';
import { addPrefix } from '../../../src/lib/transport/channel/expected-prefixes.js';
import { BytesMessage, Fragment } from '../../../src/lib/transport/channel/outgoing-message.js';
import { decodeBinary } from '../../../src/lib/transport/sockjs/binary-frame.js';
import { decodeClientFrame } from '../../../src/lib/transport/sockjs/frames.js';
import { LINES_START, readLines } from '../../../src/lib/transport/sockjs/lines.js';
import { splitClientFrame } from '../../../src/lib/transport/sockjs/split-frame.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { textAsBinary } from '../../helpers/transport/binary-message.js';
import { seedOfRun } from '../../helpers/fuzz/fuzz-run.js';
import { clientFrames, mutateFrame } from '../../helpers/fuzz/mutate-frame.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { seededRandom } from '../../helpers/process/random.js';

const FRAMES = 8000;

/** A connection that records what its peer's frames mean, as a session of the server decodes them. */
class Decoder implements Channel {
  readonly remoteAddress = 'peer';
  readonly bufferedBytes = 0;
  readonly found: unknown[] = [];
  splits = 0;
  binary = 0;
  protected expected: readonly Fragment[] = [];
  #receiver: ChannelReceiver | undefined;

  constructor(numbers: Numbers) {
    const json = messageJson(numbers);
    const host = {
      limits: defaultLimits,
      json,
      clock: new ManualClock(),
      logger: silentLogger,
      timeout: 0,
      envelopeFragment: () => new Fragment('{'),
      methodFragment: () => new Fragment('{'),
      newPrefixCache: () => new EnvelopeCache(defaultLimits, json),
      dispatch: (_connection: Connection, call: IncomingCall) => void this.found.push(described(call)),
      disconnected: () => undefined,
    };
    new Connection(host, this, { role: 'accepted' }).start();
  }

  start(receiver: ChannelReceiver): void {
    this.#receiver = receiver;
  }

  /** Receives the messages of a frame, those with bytes as binary messages. */
  binaryFrame(text: string): void {
    const decoded = decodeClientFrame(text, defaultLimits.messageBytes);
    if (decoded.type === 'violation') this.close(decoded.code, decoded.reason);
    else for (const message of decoded.messages) this.#receiveBinary(message);
  }

  #receiveBinary(text: string): void {
    const binary = textAsBinary(text);
    if (!binary) {
      this.#receiver?.message(text);
      return;
    }
    this.binary++;
    const message = decodeBinary(binary, defaultLimits.messageBytes);
    if (message instanceof BytesMessage) this.#receiver?.bytes?.(message);
    else this.close(message.code, message.reason);
  }

  frame(text: string): void {
    const split = splitClientFrame(text, defaultLimits.messageBytes, this.expected);
    if (split) {
      this.splits++;
      for (const { rest, prefix } of split) this.#receiver?.message(rest, prefix);
      return;
    }
    const decoded = decodeClientFrame(text, defaultLimits.messageBytes);
    if (decoded.type === 'violation') this.close(decoded.code, decoded.reason);
    else for (const message of decoded.messages) this.#receiver?.message(message);
  }

  /** Receives a frame of lines. */
  lines(text: string): void {
    const violation = readLines(text, defaultLimits.messageBytes, this.expected, this);
    if (violation) this.close(violation.code, violation.reason);
  }

  deliverLine(text: string, prefix?: Fragment): boolean {
    if (prefix) this.splits++;
    this.#receiver?.message(text, prefix);
    return true;
  }

  close(code?: number, reason?: string): void {
    this.found.push({ code, reason });
  }

  end(): void {
    this.#receiver?.close(1000, '');
  }

  send(): void {}
  pause(): void {}
  resume(): void {}
}

/** A connection whose channel recognizes the prefixes of calls. */
class PrefixDecoder extends Decoder {
  expect(prefix: Fragment): void {
    this.expected = addPrefix(this.expected, prefix);
  }
}

/** Returns everything that a handler could see of a call. Functions become a text. */
function described({ problem, ...call }: IncomingCall): string {
  const text = (_key: string, value: unknown): unknown => (typeof value === 'function' ? 'a stub' : value);
  return JSON.stringify({ ...call, problem: problem?.message }, text);
}

/** Returns what is the same in both forms of a message: not the reason why it is invalid, and not the arguments of a rejected call. */
function meaning({ found }: Decoder): string {
  const calls = found.map((item) => (typeof item === 'string' ? (JSON.parse(item) as IncomingCall) : item));
  return JSON.stringify(calls, function (this: Partial<IncomingCall>, key, value: unknown) {
    return key === 'reason' || (key === 'args' && this.problem) ? undefined : value;
  });
}

const call = (text: string): string => JSON.stringify([text]);
const KITE = `{"name":"caller","id":"${'0'.repeat(64)}"}`;

/** Calls whose prefix a kite might learn, in forms that only other implementations send. */
const UNUSUAL: readonly string[] = [
  call(
    `{"callbacks":{"3":[0,"responseCallback"]},"method":"square","arguments":[{"kite":${KITE},"withArgs":[4]}]}`,
  ),
  call(
    `{"method":"square","arguments":[{"kite":{"name":"caller","pid":9007199254740993,"x":"${'0'.repeat(64)}"},"withArgs":[4]}]}`,
  ),
  call(
    `{"method":"square","arguments":[{"kite":${KITE},"withArgs" :null}],"callbacks":{},"links":[{"withArgs":[4]}]}`,
  ),
  call(
    `{"method":"square","links":[],"arguments":[{"kite":${KITE},"responseCallback":"[Function]","withArgs":[4]}],"callbacks":{"3":[0,"responseCallback"]}}`,
  ),
];

/** What follows the prefix in calls that differ from those of kites in one place. */
const UNUSUAL_RESTS: readonly string[] = [
  '[4]}],"callbacks":{"5":[0]}}',
  '[4]}],"callbacks":{"5":[0,"kite"]}}',
  '[4]}],"callbacks":{"5":[0,"kite","name"]}}',
  '[4]}],"callbacks":{"5":[0,"authentication"]}}',
  '[4]}],"callbacks":{"5":[0,"withArgs"]}}',
  '[4]}],"callbacks":{"5":["0","withArgs","0"]}}',
  '[4]}],"callbacks":{"5":[]}}',
  '[4],"x":1}],"callbacks":{}}',
  '[4]}],\t"callbacks":{}}',
  '[9007199254740993]}],"callbacks":{}}',
];

/** A frame of messages, and how a session decodes it. */
interface Form {
  readonly frames: readonly string[];
  /** The first frame of a call that a kite might learn, for each of `UNUSUAL`. */
  readonly unusual: readonly string[];
  /** The length of `withArgs` with what is between it and its value. */
  readonly argsLength: number;
  /** Writes the end of a message into a frame. */
  readonly ends: (rest: string) => readonly string[];
  readonly decode: (decoder: Decoder, frame: string) => void;
}

function messagesOf(frame: string): readonly string[] {
  const decoded = decodeClientFrame(frame, defaultLimits.messageBytes);
  return decoded.type === 'messages' ? decoded.messages : [];
}

/** Two messages of each frame, so that mutations join and split lines. */
function asLines(frames: readonly string[]): string[] {
  return frames
    .flatMap((frame) => messagesOf(frame))
    .map((message) => message.replaceAll(/[\n\r]/g, ' '))
    .filter((message) => message.startsWith(LINES_START))
    .map((message) => `${message}\n${message}`);
}

const FORMS: Readonly<Record<string, Form>> = {
  'frame of strings': {
    frames: clientFrames(),
    unusual: UNUSUAL,
    argsLength: 11,
    // With the tab as a control character, which a string must not contain, and escaped.
    ends: (rest) => {
      const quoted = JSON.stringify(rest).slice(1, -1);
      return [`${quoted}"]`, `${quoted.replaceAll('\\t', '\t')}"]`];
    },
    decode: (decoder, frame) => decoder.frame(frame),
  },
  'frame of lines': {
    frames: asLines(clientFrames()),
    unusual: asLines(UNUSUAL),
    argsLength: 10,
    ends: (rest) => [rest, `${rest}\n`],
    decode: (decoder, frame) => decoder.lines(frame),
  },
};

/** Calls, each of which follows two calls that teach a kite their prefix. Most differ from them after the prefix. */
function makeCases(
  { frames, unusual, argsLength, ends }: Form,
  random: () => number,
): { readonly first: string; readonly frame: string }[] {
  const all = [...frames, ...unusual];
  const cases: { readonly first: string; readonly frame: string }[] = [];
  for (const first of [all[0] ?? '', ...unusual]) {
    const prefix = first.slice(0, first.lastIndexOf('withArgs') + argsLength);
    for (const rest of UNUSUAL_RESTS)
      for (const end of ends(rest)) cases.push({ first, frame: `${prefix}${end}` });
  }
  while (cases.length < FRAMES) {
    const pick = (): string => all[Math.floor(random() * all.length)] ?? '';
    let first = random() < 0.7 ? (all[0] ?? '') : pick();
    if (random() < 0.5) first = mutateFrame(first, all, random);
    let rest = first;
    for (let times = 1 + Math.floor(random() * 3); times > 0; times--) rest = mutateFrame(rest, all, random);
    // Most frames change only what follows the prefix.
    const at = random() < 0.8 ? first.indexOf('withArgs') + argsLength + 1 : 0;
    let tail = first.slice(at);
    for (let times = 1 + Math.floor(random() * 2); times > 0; times--) tail = mutateFrame(tail, all, random);
    cases.push({ first, frame: at > argsLength ? first.slice(0, at) + tail : rest });
  }
  return cases;
}

describe.each(Object.entries(FORMS))('the two paths that decode a call in a %s', (name, form) => {
  const cases = makeCases(form, seededRandom(seedOfRun(`decoding paths, ${name}`)));

  it.each(['exact', 'rounded', 'literal'] as const)(
    `a call in a ${name} means the same whether it is decoded as a whole or by its prefix, with %s numbers`,
    (numbers) => {
      const differences: object[] = [];
      let splits = 0;
      for (const { first, frame } of cases) {
        const whole = new Decoder(numbers);
        const byPrefix = new PrefixDecoder(numbers);
        // A prefix is learned from the second call.
        for (const text of [first, first, frame]) {
          form.decode(whole, text);
          form.decode(byPrefix, text);
        }
        splits += byPrefix.splits;
        if (JSON.stringify(whole.found) !== JSON.stringify(byPrefix.found))
          differences.push({ first, frame, whole: whole.found.slice(2), byPrefix: byPrefix.found.slice(2) });
        whole.end();
        byPrefix.end();
      }
      console.log(`decoding paths: ${differences.length} of ${cases.length} differ, ${splits} by prefix`);
      expect(differences.slice(0, 5)).toEqual([]);
      expect(splits).toBeGreaterThan(FRAMES / 20);
    },
  );
});

describe('the two forms of a message with bytes', () => {
  it.each(['exact', 'rounded', 'literal'] as const)(
    'a message with bytes means the same as text and as a binary message, with %s numbers',
    (numbers) => {
      const random = seededRandom(seedOfRun('forms of bytes'));
      const all = clientFrames().filter((frame) => frame.includes('bytes'));
      const differences: object[] = [];
      let binary = 0;
      for (let round = 0; round < FRAMES; round++) {
        let frame = all[Math.floor(random() * all.length)] ?? '';
        for (let times = Math.floor(random() * 3); times > 0; times--)
          frame = mutateFrame(frame, all, random);
        const asText = new Decoder(numbers);
        const asBinary = new Decoder(numbers);
        asText.frame(frame);
        asBinary.binaryFrame(frame);
        binary += asBinary.binary;
        if (meaning(asText) !== meaning(asBinary))
          differences.push({ frame, text: asText.found, binary: asBinary.found });
        asText.end();
        asBinary.end();
      }
      console.log(`forms of bytes: ${differences.length} of ${binary} differ`);
      expect(differences.slice(0, 5)).toEqual([]);
      expect(binary).toBeGreaterThan(FRAMES / 20);
    },
  );
});
