import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteFunction } from '../../../src/lib/kite/call/method-types.js';
import { decodeClientFrame } from '../../../src/lib/transport/sockjs/frames.js';
import { splitClientFrame } from '../../../src/lib/transport/sockjs/split-frame.js';
import type { Channel, ChannelReceiver } from '../../../src/lib/transport/channel/channel.js';
import { defaultLimits } from '../../../src/lib/kite/limits/kite-limits.js';
import { type Fragment, messageText } from '../../../src/lib/transport/channel/outgoing-message.js';
import { makeCore, settled } from '../../helpers/kite/cores.js';
import { seedOfRun } from '../../helpers/fuzz/fuzz-run.js';
import { seededRandom } from '../../helpers/process/random.js';

const FRAMES = 1_000_000;

/** The frames of a peer as a channel of the kite. The kite may close it at any point. */
class FuzzChannel implements Channel {
  readonly remoteAddress = 'fuzz';
  readonly bufferedBytes = 0;
  receiver: ChannelReceiver | undefined;
  answers = 0;
  splits = 0;
  closed = false;
  #expected: readonly Fragment[] = [];

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

  close(code = 3000, reason = ''): void {
    if (this.closed) return;
    this.closed = true;
    this.receiver?.close(code, reason);
  }

  pause(): void {}
  resume(): void {}
}

const tokens = [
  'null',
  '{}',
  '[]',
  '[[[[',
  ']]]]',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '-1',
  '1e309',
  '4294967294',
  '0.5',
  'true',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"method"',
  '"arguments"',
  '"callbacks"',
  '"withArgs"',
  '"kite.ping"',
  '"kite.heartbeat"',
  '"kite.cancel"',
  '"extensions":["cancel"],',
  '"deadline":5,',
  '"metadata":{"a":"b"},',
  '"responseCallback"',
  '"square"',
  '"count"',
  '"0"',
  '"7"',
  '[0,"withArgs",1]',
  '[]]',
  ',',
  ':',
]; // prettier-ignore

function seeds(): string[] {
  const folder = new URL('../../fixtures/wire/', import.meta.url);
  const recorded = readdirSync(folder)
    .filter((name) => name.startsWith('call-'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { dir: string; ws?: string; body?: string })
    .filter(({ dir, ws, body }) => dir === '>' && (ws ?? body ?? '') !== '')
    .map(({ ws, body }) => ws ?? body ?? '');
  const call = (method: string, args: string, callbacks: string): string =>
    JSON.stringify([
      `{"method":${method},"arguments":[{"kite":{"name":"n"},"authentication":null,"responseCallback":"[Function]","withArgs":${args}}],"callbacks":${callbacks}}`,
    ]);
  const vectors = new URL('../../vectors/', import.meta.url);
  const extended = readdirSync(vectors)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const { vectors: list } = JSON.parse(readFileSync(new URL(name, vectors), 'utf8')) as {
        vectors: { frames: { from: string; message: unknown }[] }[];
      };
      return list.flatMap(({ frames }) => frames.filter(({ from }) => from === 'caller'));
    })
    .map(({ message }) => JSON.stringify([JSON.stringify(message)]));
  return [
    ...recorded,
    ...extended,
    call('"kite.heartbeat"', '[0,"[Function]"]', '{"0":[0,"responseCallback"],"1":[0,"withArgs",1]}'),
    call('"count"', '[3,{"a":"[Function]"}]', '{"0":["0","responseCallback"],"1":["0","withArgs","1","a"]}'),
    call('0', '[]', '{}'),
    '["{\\"method\\":0,\\"arguments\\":[{\\"error\\":null,\\"result\\":16}],\\"callbacks\\":{}}"]',
  ];
}

function mutate(frame: string, all: readonly string[], random: () => number): string {
  const below = (n: number): number => Math.floor(random() * n);
  const token = (): string => tokens[below(tokens.length)] ?? '';
  const at = below(frame.length + 1);
  switch (below(6)) {
    case 0:
      return frame.slice(0, at);
    case 1:
      return frame.slice(0, at) + token() + frame.slice(at);
    case 2:
      return frame.slice(0, at) + token() + frame.slice(at + below(20));
    case 3:
      return frame.slice(0, at) + String.fromCharCode(below(0x10000)) + frame.slice(at + 1);
    case 4:
      return frame.slice(0, at) + frame.slice(at + below(40));
    default:
      return frame.slice(0, at) + (all[below(all.length)] ?? '').slice(at);
  }
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
    server
      .handle('count', ({ args }) => {
        for (const arg of args) if (typeof arg === 'function') (arg as RemoteFunction)(args);
        return args.length;
      })
      .disableAuthentication();
    const random = seededRandom(seedOfRun('a million frames'));
    const all = seeds();
    const recognized = all[0] ?? '';
    let channel: FuzzChannel | undefined;
    let primed = false;
    const counts = { closed: 0, answers: 0, splits: 0 };
    for (let i = 0; i < FRAMES; i++) {
      if (!channel || channel.closed) {
        counts.answers += channel?.answers ?? 0;
        counts.splits += channel?.splits ?? 0;
        if (channel) counts.closed++;
        channel = new FuzzChannel();
        server.accept(channel);
        // Two calls, so that the kite knows the prefixes of some callers.
        primed = random() < 0.25;
        for (let times = primed ? 2 : 0; times > 0; times--) channel.frame(recognized);
      }
      // Most of their frames have a known prefix, and only the rest is broken.
      const at = primed && random() < 0.8 ? recognized.indexOf('withArgs') + 12 : 0;
      const whole = at > 0 ? recognized : (all[Math.floor(random() * all.length)] ?? '');
      let frame = whole.slice(at);
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) frame = mutate(frame, all, random);
      frame = whole.slice(0, at) + frame;
      channel.frame(frame);
      // Asynchronous handlers, and rejections that they leave, get a turn.
      if (i % 1000 === 0) await settled();
    }
    await settled();
    channel?.close();
    expect(rejections).toEqual([]);
    // A minute of CPU time: other tests run concurrently.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1_000_000).toBeLessThan(60);
    // Some mutations passed the parser, and it rejected some.
    expect(counts.closed).toBeGreaterThan(10_000);
    expect(counts.answers).toBeGreaterThan(10_000);
    expect(counts.splits).toBeGreaterThan(1000);
    expect(server.clock.timers).toBe(0);
    const last = new FuzzChannel();
    server.accept(last);
    last.receiver?.message(
      '{"method":"square","arguments":[{"withArgs":[4]}],"callbacks":{"0":[0,"responseCallback"]}}',
    );
    expect(last.answers).toBe(1);
  });
});
