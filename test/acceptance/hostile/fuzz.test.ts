import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/lib/kite/call/connection.js';
import type { RemoteFunction } from '../../../src/lib/kite/call/remote-function.js';
import { decodeClientFrame } from '../../../src/lib/transport/sockjs/frames.js';
import { decodeBinary } from '../../../src/lib/transport/sockjs/binary-frame.js';
import { LINES_START, readLines } from '../../../src/lib/transport/sockjs/lines.js';
import { splitClientFrame } from '../../../src/lib/transport/sockjs/split-frame.js';
import type { Channel, ChannelReceiver } from '../../../src/lib/transport/channel/channel.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import {
  BytesMessage,
  type Fragment,
  messageText,
} from '../../../src/lib/transport/channel/outgoing-message.js';
import { textAsBinary } from '../../helpers/transport/binary-message.js';
import { makeCore, settled } from '../../helpers/kite/cores.js';
import { seedOfRun } from '../../helpers/fuzz/fuzz-run.js';
import { clientFrames, kiteFrames, mutateFrame } from '../../helpers/fuzz/mutate-frame.js';
import { isStream } from '../../../src/lib/util/item-source.js';
import { seededRandom } from '../../helpers/process/random.js';

const FRAMES = 1_000_000;
const ANSWERS = 100_000;

/** The first call of a peer that speaks the extensions. */
const ANNOUNCEMENT = JSON.stringify([
  '{"method":"kite.ping","arguments":[{"withArgs":[],"extensions":["cancel","stream","values","bytes"]}],"callbacks":{}}',
]);

/** The frames of a peer as a channel of the kite. The kite may close it at any point. */
class FuzzChannel implements Channel {
  readonly remoteAddress = 'fuzz';
  readonly bufferedBytes = 0;
  receiver: ChannelReceiver | undefined;
  answers = 0;
  splits = 0;
  lines = 0;
  binary = 0;
  closed = false;
  #expected: readonly Fragment[] = [];
  /** Whether the client agreed to frames of lines. */
  readonly #lines: boolean;

  constructor(lines = false) {
    this.#lines = lines;
  }

  start(receiver: ChannelReceiver): void {
    this.receiver = receiver;
  }

  send(message: Parameters<Channel['send']>[0]): void {
    // Output must be JSON, whatever the input was.
    JSON.parse(messageText(message));
    this.answers++;
  }

  expect(prefix: Fragment): void {
    this.#expected = [prefix, ...this.#expected].slice(0, 4);
  }

  /** Parses one frame as a session of the server does. */
  frame(text: string): void {
    if (this.#lines && text.startsWith(LINES_START)) {
      const violation = readLines(text, defaultLimits.messageBytes, this.#expected, this);
      if (violation) this.close(violation.code, violation.reason);
      return;
    }
    const split = splitClientFrame(text, defaultLimits.messageBytes, this.#expected);
    if (split) {
      this.splits++;
      for (const { rest, prefix } of split) this.receiver?.message(rest, prefix);
      return;
    }
    const decoded = decodeClientFrame(text, defaultLimits.messageBytes);
    if (decoded.type === 'violation') this.close(decoded.code, decoded.reason);
    else for (const message of decoded.messages) this.receiver?.message(message);
  }

  /** Receives a binary message as a session of the server does. */
  binaryMessage(frame: Uint8Array): void {
    const message = decodeBinary(frame, defaultLimits.messageBytes);
    if (message instanceof BytesMessage) {
      this.binary++;
      this.receiver?.bytes?.(message);
    } else this.close(message.code, message.reason);
  }

  deliverLine(text: string, prefix?: Fragment): boolean {
    if (prefix) this.lines++;
    this.receiver?.message(text, prefix);
    return !this.closed;
  }

  close(code = 3000, reason = ''): void {
    if (this.closed) return;
    this.closed = true;
    this.receiver?.close(code, reason);
  }

  pause(): void {}
  resume(): void {}
}

/** The messages of a frame as lines, two of each, so that mutations join and split them. */
function asLines(frame: string): string {
  const decoded = decodeClientFrame(frame, defaultLimits.messageBytes);
  const messages = decoded.type === 'messages' ? decoded.messages : [];
  return [...messages, ...messages].map((message) => message.trim()).join('\n');
}

/** The messages of a frame that have bytes, as binary messages. */
function binaryMessagesOf(frame: string): Uint8Array[] {
  const decoded = decodeClientFrame(frame, defaultLimits.messageBytes);
  return decoded.type === 'messages' ? decoded.messages.flatMap((text) => textAsBinary(text) ?? []) : [];
}

/** Returns one of the messages with a few bytes changed, removed or added. */
function mutateBinary(messages: readonly Uint8Array[], random: () => number): Uint8Array {
  const pick = (limit: number): number => Math.floor(random() * limit);
  let message = Buffer.from(messages[pick(messages.length)] ?? []);
  for (let times = 1 + pick(2); times > 0; times--) {
    const at = pick(message.length);
    const byte = Buffer.of(random() < 0.5 ? pick(128) : pick(256));
    // Most mutations keep the lengths valid.
    const [removed, added] = random() < 0.8 ? [1, byte] : [pick(3), random() < 0.5 ? byte : Buffer.alloc(0)];
    message = Buffer.concat([message.subarray(0, at), added, message.subarray(at + removed)]);
  }
  return message;
}

/** Methods that stream, and how many streams have begun and ended. */
function addStreams(server: ReturnType<typeof makeCore>): { begun: number; ended: number; read: number } {
  const seen = { begun: 0, ended: 0, read: 0 };
  const numbers = async function* (to: number): AsyncGenerator<number, string> {
    seen.begun++;
    try {
      for (let number = 1; number <= to; number++) yield number;
      return 'end';
    } finally {
      seen.ended++;
    }
  };
  server
    .handle('count', ({ args }) => {
      for (const arg of args) if (typeof arg === 'function') (arg as RemoteFunction)(args);
      const [to] = args;
      return typeof to === 'number' ? numbers(Math.min(to, 500)) : args.length;
    })
    .disableAuthentication();
  server
    .handle('collect', async ({ args: [items] }) => {
      if (!isStream(items)) return null;
      seen.begun++;
      seen.read++;
      let count = 0;
      try {
        for await (const _ of items as AsyncIterable<unknown>) count++;
        return count;
      } finally {
        seen.ended++;
      }
    })
    .disableAuthentication();
  return seen;
}

describe('a kite that gets a million mutated frames', () => {
  const rejections: unknown[] = [];
  const note = (error: unknown): void => void rejections.push(error);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));

  it('a kite that gets a million mutated frames throws no error, leaves no rejection unhandled, and still answers', {
    timeout: 300_000,
  }, async () => {
    const began = process.cpuUsage();
    const server = makeCore();
    server.handle<number[]>('square', ({ args: [n] }) => (n ?? 0) ** 2).disableAuthentication();
    server.handle('echo', async ({ args }) => args).disableAuthentication();
    server
      .handle('note', ({ trace, metadata, deadline }) => [trace, metadata, deadline])
      .disableAuthentication();
    server
      .handle('endless', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
      .disableAuthentication();
    const streams = addStreams(server);
    const random = seededRandom(seedOfRun('a million frames'));
    const all = clientFrames();
    const recognized = all[0] ?? '';
    let channel: FuzzChannel | undefined;
    let primed = false;
    let inLines = false;
    const withBytes = all.flatMap((frame) => binaryMessagesOf(frame));
    const counts = { closed: 0, answers: 0, splits: 0, lines: 0, binary: 0 };
    for (let i = 0; i < FRAMES; i++) {
      if (!channel || channel.closed) {
        counts.answers += channel?.answers ?? 0;
        counts.splits += channel?.splits ?? 0;
        counts.lines += channel?.lines ?? 0;
        counts.binary += channel?.binary ?? 0;
        if (channel) counts.closed++;
        inLines = random() < 0.4;
        channel = new FuzzChannel(inLines);
        server.accept(channel);
        // Half of the callers speak the extensions.
        if (random() < 0.5) channel.frame(ANNOUNCEMENT);
        // Two calls, so that the kite knows the prefixes of some callers.
        primed = random() < 0.25;
        for (let times = primed ? 2 : 0; times > 0; times--)
          channel.frame(inLines ? asLines(recognized) : recognized);
      }
      if (inLines && random() < 0.1) {
        channel.binaryMessage(mutateBinary(withBytes, random));
        continue;
      }
      // Most of their frames have a known prefix, and only the rest is broken.
      const known = inLines ? asLines(recognized) : recognized;
      const at = primed && random() < 0.8 ? known.indexOf('withArgs') + (inLines ? 10 : 12) : 0;
      const picked = at > 0 ? recognized : (all[Math.floor(random() * all.length)] ?? '');
      const whole = inLines && (at > 0 || random() < 0.9) ? asLines(picked) : picked;
      let frame = whole.slice(at);
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--)
        frame = mutateFrame(frame, all, random);
      frame = whole.slice(0, at) + frame;
      channel.frame(frame);
      // Asynchronous handlers, and rejections that they leave, get a turn.
      if (i % 1000 === 0) await settled();
    }
    await settled();
    channel?.close();
    await settled();
    expect(rejections).toEqual([]);
    console.log(`fuzz: ${streams.begun} streams, of which ${streams.read} among the arguments`);
    expect(streams.begun).toBeGreaterThan(1000);
    expect(streams.read).toBeGreaterThan(100);
    expect(streams.ended).toBe(streams.begun);
    // A frame takes about 60 microseconds of CPU time, and more while other tests share the core. The limit is three times that.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / FRAMES).toBeLessThan(180);
    // Some mutations passed the parser, and it rejected some.
    expect(counts.closed).toBeGreaterThan(10_000);
    expect(counts.answers).toBeGreaterThan(10_000);
    expect(counts.splits).toBeGreaterThan(1000);
    expect(counts.lines).toBeGreaterThan(1000);
    expect(counts.binary).toBeGreaterThan(1000);
    expect(server.clock.timers).toBe(0);
    const last = new FuzzChannel();
    server.accept(last);
    last.receiver?.message(
      '{"method":"square","arguments":[{"withArgs":[4]}],"callbacks":{"0":[0,"responseCallback"]}}',
    );
    expect(last.answers).toBe(1);
  });
});

describe('a caller of streams that gets mutated frames', () => {
  it('a caller of streams that gets mutated frames throws no error, and its streams end', {
    timeout: 300_000,
  }, async () => {
    const core = makeCore();
    const random = seededRandom(seedOfRun('answers to a caller of streams'));
    const all = kiteFrames();
    const seen = { begun: 0, ended: 0, items: 0, failed: 0 };
    const numbers = async function* (): AsyncGenerator<number> {
      seen.begun++;
      try {
        for (let number = 1; ; number++) yield number;
      } finally {
        seen.ended++;
      }
    };
    const read = async (items: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of items) seen.items++;
    };
    const calls: Promise<unknown>[] = [];
    const failed = (): void => {
      seen.failed++;
    };
    let channel: FuzzChannel | undefined;
    for (let frame = 0; frame < ANSWERS; frame++) {
      if (!channel || channel.closed || frame % 50 === 0) {
        channel?.close();
        channel = new FuzzChannel();
        const connection = core.accept(channel) as Connection;
        channel.frame(ANNOUNCEMENT);
        const stream = connection.callStream('count', [3]);
        calls.push(read(stream).catch(failed), stream.result.catch(failed));
        calls.push(connection.call('collect', [numbers()]).catch(failed));
        await settled();
      }
      let text = all[Math.floor(random() * all.length)] ?? '';
      for (let times = Math.floor(random() * 3); times > 0; times--) text = mutateFrame(text, all, random);
      channel.frame(text);
      if (random() < 0.2) await settled();
    }
    channel?.close();
    await Promise.all(calls);
    await settled();
    console.log(`fuzz: ${seen.items} items, ${seen.failed} failures, ${seen.begun} streams as arguments`);
    expect(seen.items).toBeGreaterThan(1000);
    expect(seen.failed).toBeGreaterThan(1000);
    expect(seen.begun).toBeGreaterThan(100);
    expect(seen.ended).toBe(seen.begun);
  });
});
