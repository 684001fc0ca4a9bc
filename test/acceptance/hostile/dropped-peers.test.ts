import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { passiveKite, sessionUrl, startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { type Attacker, attackers } from '../../helpers/transport/attackers.js';
import { request } from '../../helpers/transport/http.js';

// The operator of a server reads once why it dropped a peer: which, because of what, and which limit.

const LIMITS = { messageBytes: 4096, messageDepth: 16, callbacksPerMessage: 4, sendQueueBytes: 256 * 1024 };
const TOO_LONG = /: A message is larger than 4096 bytes, in a frame of (\d+) bytes; closing with 1009$/;

function recordingLogger() {
  const warnings: string[] = [];
  return { warnings, logger: { ...silentLogger, warn: (text: string) => void warnings.push(text) } };
}

async function startKite(options: KiteOptions = {}): Promise<{ url: string; warnings: string[] }> {
  const { logger, warnings } = recordingLogger();
  const kite = new Kite('math', '1.0.0', {
    port: 0,
    kiteKey: false,
    env: {},
    limits: LIMITS,
    ...options,
    logger,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  const flood = kite.handle<[(text: string) => void]>('flood', ({ args: [callback] }) => {
    // More than the buffers of a kernel take, which are up to 36 MiB after it has seen much traffic.
    for (let n = 0; n < 20_000; n++) callback('x'.repeat(2000));
  });
  flood.disableAuthentication();
  await kite.listen();
  return { url: kite.url ?? '', warnings };
}

async function attack(transport: string, url: string): Promise<Attacker> {
  const attacker = await (attackers[transport] as (url: string) => Promise<Attacker>)(url);
  onTestFinished(() => attacker.end());
  return attacker;
}

const long = (length: number): string =>
  JSON.stringify({ method: 'kite.ping', arguments: ['x'.repeat(length)], callbacks: {} });
const FLOOD = JSON.stringify({
  method: 'flood',
  arguments: [{ withArgs: ['[Function]'] }],
  callbacks: { 0: [0, 'withArgs', 0] },
});
const DEEP = JSON.stringify({
  method: 'kite.ping',
  arguments: JSON.parse('['.repeat(20) + ']'.repeat(20)) as unknown,
});
const CALLBACKS = JSON.stringify({
  method: 'kite.ping',
  arguments: [],
  callbacks: { 0: [0], 1: [1], 2: [2], 3: [3], 4: [4] },
});

interface Violation {
  readonly what: string;
  /** Sends the data of the violation once. */
  readonly send: (attacker: Attacker) => Promise<unknown>;
  readonly warning: RegExp;
  readonly options?: KiteOptions;
  /** The transports without it. */
  readonly notOver?: RegExp;
}

const VIOLATIONS: readonly Violation[] = [
  { what: 'a message a little above the limit', send: (one) => one.message(long(4096)), warning: TOO_LONG },
  { what: 'a message far above the limit', send: (one) => one.message(long(100_000)), warning: TOO_LONG },
  {
    what: 'a message that nests too deep',
    send: (one) => one.message(DEEP),
    warning: /: A message nests deeper than 16; closing$/,
  },
  {
    what: 'a message with too many callbacks',
    send: (one) => one.message(CALLBACKS),
    warning: /: A message has more than 4 callbacks; closing$/,
  },
  {
    what: 'a message that is not JSON',
    send: (one) => one.message('{'),
    warning: /: The message is not valid JSON; closing$/,
  },
  {
    what: 'a frame that is not UTF-8',
    send: (one) => one.frame(Buffer.from([0x22, 0xff, 0x22])),
    warning: /: Invalid WebSocket frame: invalid UTF-8 sequence; closing with 1007$/,
    notOver: /XHR/,
  },
  {
    what: 'a frame of SockJS that is not a list of strings',
    send: (one) => one.frame('[1]'),
    warning: /: A SockJS frame contains only strings, in a frame of 3 bytes; closing with 1002$/,
    notOver: /XHR|raw/,
  },
  {
    what: 'a queue above the limit',
    send: (one) => one.message(FLOOD),
    warning: /: The peer reads too slowly: more than 262144 bytes are queued; closing with 1008$/,
  },
  {
    what: 'the queues of all peers above the limit',
    send: (one) => one.message(FLOOD),
    options: { limits: { ...LIMITS, totalQueueBytes: 64 * 1024 } },
    warning:
      /: The peer reads too slowly: more than 65536 bytes are queued for all \(limits\.totalQueueBytes\); closing with 1008$/,
  },
];

describe('the log of a server that drops a peer', () => {
  it('a kite logs once for each dropped peer which one it was, what it exceeded and the limit, over every transport', async () => {
    let cases = 0;
    for (const transport of Object.keys(attackers)) {
      for (const { what, send, warning, options, notOver } of VIOLATIONS) {
        if (notOver?.test(transport)) continue;
        const { url, warnings } = await startKite(options);
        const attacker = await attack(transport, url);
        // Frames after the first are read together with it, or not at all.
        await Promise.all(Array.from({ length: 5 }, () => send(attacker)));
        await attacker.verdict(Number.POSITIVE_INFINITY);
        await request('GET', url);
        expect(warnings, `${what} over ${transport}`).toEqual([expect.stringMatching(warning)]);
        expect(warnings[0]).toMatch(/^127\.0\.0\.1:\d+: /);
        const [, size] = TOO_LONG.exec(warnings[0] ?? '') ?? [];
        if (size !== undefined) expect(Number(size)).toBeGreaterThan(4096);
        cases++;
      }
    }
    console.log(
      `${cases} violations of ${VIOLATIONS.length} kinds over ${Object.keys(attackers).length} transports`,
    );
  });

  it('a kite logs nothing for peers that stay within its limits and leave', async () => {
    const { url, warnings } = await startKite();
    for (const transport of Object.keys(attackers)) {
      const attacker = await attack(transport, url);
      await attacker.message(long(3000));
      attacker.end();
    }
    expect(warnings).toEqual([]);
  });

  it('a tunnel proxy logs once that it has dropped a caller with a message above the limit', async () => {
    const { kontrol } = await startKontrol();
    const { logger, warnings } = recordingLogger();
    const proxy = await startTunnelProxy(kontrol, { limits: LIMITS, logger });
    const { url } = await passiveKite(kontrol, proxy);
    const path = sessionUrl(url, 'xhr');
    await request('POST', path);
    for (let n = 0; n < 3; n++) {
      await request('POST', path.replace('/xhr', '/xhr_send'), { body: JSON.stringify([long(5000)]) });
    }
    expect(warnings.filter((text) => text.includes('larger'))).toEqual([expect.stringMatching(TOO_LONG)]);
  });
});
