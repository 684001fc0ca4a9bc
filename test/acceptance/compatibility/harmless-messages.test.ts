import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../../../src/lib/kite/call/peer.js';
import type { RemoteFunction } from '../../../src/lib/kite/call/remote-function.js';
import { bob, connected, settled } from '../../helpers/kite/cores.js';
import { seededRandom } from '../../helpers/process/random.js';
import { harmIn } from '../../helpers/wire/harmless.js';

type Random = () => number;

const KEYS = [
  'a',
  '',
  'kite',
  'Kite',
  'KITE',
  'auth',
  'authentication',
  'result',
  'error',
  'withArgs',
  '__proto__',
  '0',
  'responseCallback',
  'a"b',
  '\u2028',
];

/** A value with functions in it, in every form that a program can send. */
function anyValue(random: Random, depth = 0): unknown {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const several = (): unknown[] =>
    Array.from({ length: Math.floor(random() * 4) }, () => anyValue(random, depth + 1));
  const leaves: (() => unknown)[] = [
    () =>
      pick([
        null,
        undefined,
        true,
        0,
        -0,
        1.5,
        1e300,
        Number.NaN,
        '',
        'text',
        '[Function]',
        'a"b\u2028\ud800',
      ]),
    () => () => undefined,
    () => Object.assign(() => undefined, { toJSON: () => undefined }),
    () => Object.assign(() => undefined, { toJSON: () => 'text' }),
    () => new Date(0),
    () => ({ toJSON: () => pick([undefined, null, 'text', [() => undefined]]), on: () => undefined }),
    () => new Map([['a', () => undefined]]),
    () => Object.assign([1, 2], { on: () => undefined }),
    // oxlint-disable-next-line no-sparse-arrays -- a program may have one
    () => [, () => undefined],
  ];
  if (depth > 3 || random() < 0.5) return pick(leaves)();
  if (random() < 0.4) return several();
  return Object.defineProperties(
    {},
    Object.fromEntries(
      several().map((value) => [pick(KEYS), { value, enumerable: true, configurable: true, writable: true }]),
    ),
  );
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function soonAborted(): AbortSignal {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return controller.signal;
}

/** Options of a call, in every combination. */
function anyOptions(random: Random): CallOptions {
  return {
    ...(random() < 0.3 && { timeout: Math.floor(random() * 3) * 5000 }),
    ...(random() < 0.3 && { callbacks: 'call' as const }),
    ...(random() < 0.3 && { signal: AbortSignal.abort() }),
    ...(random() < 0.3 && { signal: new AbortController().signal }),
    ...(random() < 0.3 && { trace: { traceparent: TRACEPARENT, tracestate: 'a="b"' } }),
    ...(random() < 0.3 && { metadata: { kite: 'a"b\u2028', Result: '', ['__proto__']: '[Function]' } }),
    ...(random() < 0.2 && { signal: soonAborted() }),
  };
}

const METHODS = ['give', 'fail', 'again', 'nosuch', 'kite.ping', 'never', '', 'kite', '__proto__'];

describe('the messages of this library', () => {
  it.each([1, 2, 3])(
    'no message of this library ends a kite of another implementation, with random calls, answers and callbacks: seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const { server, caller, client, near, far } = await connected(
        { trustRemote: true },
        { trustRemote: true },
      );
      server.handle('give', () => anyValue(random));
      server.handle('fail', () => Promise.reject(anyValue(random) as Error));
      server.handle(
        'never',
        ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      );
      caller.handle('give', () => anyValue(random));
      server.handle('again', async (request) => {
        for (const arg of request.args.filter((value) => typeof value === 'function'))
          (arg as RemoteFunction)([anyValue(random)]);
        return request.client.call('give', [anyValue(random)], anyOptions(random));
      });
      const calls: Promise<unknown>[] = [];
      for (let count = 0; count < 400; count++) {
        client.auth = random() < 0.5 ? bob : random() < 0.5 ? null : { type: '', key: 'x' };
        const method = METHODS[Math.floor(random() * METHODS.length)] as string;
        const args = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(random));
        // Some callbacks throw what cannot be sent.
        calls.push(client.call(method, args, anyOptions(random)).catch(() => undefined));
        if (random() < 0.3) await settled();
      }
      await settled();
      caller.clock.advance(20_000);
      await settled();
      client.close();
      await Promise.all(calls);
      for (const { sent } of [near, far]) {
        const answered = new Set<number>();
        expect(sent.flatMap((text) => harmIn(text, answered))).toEqual([]);
      }
      console.log(`harmless messages: ${near.sent.length} of the caller, ${far.sent.length} of the kite`);
      expect(near.sent.length + far.sent.length).toBeGreaterThan(300);
    },
  );

  it.each([
    [
      '{"method":"kite.ping","arguments":[{"withArgs":[]}],"callbacks":{},"links":[]}',
      'other fields than those of dnode',
    ],
    ['{"method":"kite.ping","arguments":[],"callbacks":{}}', 'a call whose arguments are not one object'],
    [
      '{"method":"a","arguments":[{"withArgs":[],"Kite":1}],"callbacks":{}}',
      'an option whose name is another one in Go',
    ],
    [
      '{"method":"a","arguments":[{"withArgs":[]}],"callbacks":{"0":[]}}',
      'a callback whose path leads to nothing',
    ],
    [
      '{"method":"a","arguments":[{"kite":"[Function]"}],"callbacks":{"0":[0,"kite"]}}',
      'a function outside the arguments of a call',
    ],
    [
      '{"method":"a","arguments":[{"withArgs":[{"":"[Function]"}]}],"callbacks":{"1":[0,"withArgs",0,""]}}',
      'a function under an empty name',
    ],
    ['{"method":-1,"arguments":[],"callbacks":{}}', 'a method that is not a name or a number'],
    [
      '{"method":1,"arguments":[{"error":null,"result":1,"Result":2}],"callbacks":{}}',
      'a field of an answer whose name is another one in Go',
    ],
  ])('the rules for old peers find what is wrong in %s', (text, problem) => {
    expect(harmIn(text, new Set()).map((found) => found.split(':')[0])).toContain(problem);
  });

  it('the rules for old peers find a second answer to one call', () => {
    const answer = '{"method":1,"arguments":[{"error":null,"result":1}],"callbacks":{}}';
    const answered = new Set<number>();
    expect(harmIn(answer, answered)).toEqual([]);
    expect(harmIn(answer, answered)).toEqual([expect.stringContaining('a second answer') as string]);
  });
});
