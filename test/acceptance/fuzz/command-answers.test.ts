import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outputFormats } from '../../../src/lib/cli/terminal/output-format.js';
import { Kite } from '../../../src/lib/index.js';
import type { UserCredential, UserSummary } from '../../../src/lib/kontrol/admin/users.js';
import { newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { runInProcess } from '../../helpers/cli/run-in-process.js';
import { Sink } from '../../helpers/cli/test-runtime.js';
import { fuzz, fuzzTimeout } from '../../helpers/fuzz/fuzz-run.js';
import { mutateJson } from '../../helpers/fuzz/mutate.js';
import { testIdentity, testKeyPair } from '../../helpers/kite/keys.js';

// Commands whose kite and whose Kontrol answer with values of the wrong type and shape.

const LINES: readonly string[] = [
  'call text',
  'call text --callback',
  'call text --stdin --keep-going',
  'call text --all --to /bob --kontrol URL',
  'ping --all --to /bob --kontrol URL',
  'tell --method text',
  'describe',
  'ping',
  'bench text --duration 20ms',
  'shell',
  'query /bob --kontrol URL',
  'query /bob --watch --kontrol URL',
  'watch /bob --kontrol URL',
  'wait /bob --for answering --kontrol URL',
  'token /bob/prod/math --kontrol URL',
  'call text --to /bob/prod/math --kontrol URL',
  'top --kontrol URL',
  'doctor --kontrol URL',
  'kontrol status --kontrol URL',
  'kontrol keys list --kontrol URL',
  'kontrol keys rotate --kontrol URL',
  'kontrol users list --kontrol URL',
  'kontrol users show bob --kontrol URL',
  'kontrol invite eve --kontrol URL',
  'kontrol ui --kontrol URL',
  'proxy status --kontrol URL',
  'proxy status',
  'register --to URL --username bob --force',
];

/** Milliseconds after which a command is stopped. */
const PATIENCE = 400;

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kitectl-fuzz-'));
  const keyPair = await testKeyPair();
  const kontrolUrl = 'http://127.0.0.1:1/kite';
  const user = { username: 'kontrol', kontrolUser: 'kontrol' };
  await writeKiteKeyFile(newKiteKey({ ...user, kontrolUrl, keyPair, clock: systemClock }), { home });
});

afterAll(() => rm(home, { recursive: true, force: true }));

/** A kite, which is also a Kontrol, whose answers `distort` makes from plausible ones. */
function hostileKite(distort: (answer: unknown) => unknown): Kite {
  const kite = new Kite('kontrol', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });
  const identity = testIdentity({ username: 'bob', name: 'proxy' });
  const found = (): unknown => ({
    kite: identity,
    url: kite.url,
    keyId: '1',
    token: 'a.b.c',
    registeredAt: 1,
  });
  const traffic = { sessions: 1, sessionsTotal: 2, bytesToKite: 3, bytesFromKite: 4 };
  const proxied = {
    id: 'x',
    kite: '/bob/prod/math',
    username: 'bob',
    url: 'http://x',
    target: 'y',
    since: 1,
    ...traffic,
  };
  const user: UserSummary = { username: 'bob', kites: 1, keys: 1, sessions: 0, lastUse: 1 };
  const credential: UserCredential = {
    type: 'kiteKey',
    id: '1',
    issuedAt: 1,
    lastUse: 1,
    endsAt: null,
    revoked: false,
  };
  const plausible: Readonly<Record<string, () => unknown>> = {
    text: () => ({ name: 'a', list: [1, 'b', null], inner: { c: 1.5 } }),
    'kite.describe': () => ({
      kite: identity,
      methods: [
        {
          name: 'text',
          description: 'd',
          auth: true,
          jsonSchema: { type: 'array', items: [{ type: 'string' }] },
        },
      ],
    }),
    'kite.systemInfo': () => ({
      numCPU: 1,
      memoryUsage: 1,
      memoryTotal: 2,
      diskUsage: 1,
      diskTotal: 2,
      uptime: 1,
    }),
    getKites: () => ({ kites: [found(), found()], watcherID: '1' }),
    getToken: () => 'a.b.c',
    getKey: () => 'x',
    'kontrol.status': () => ({
      url: kite.url,
      version: '1',
      uptime: 1,
      kites: 1,
      users: ['bob'],
      keyPairs: 1,
      store: 'memory',
    }),
    'kontrol.keys': () => [{ id: '1', state: 'current', createdAt: 1 }],
    'kontrol.rotateKeys': () => ({ id: '1' }),
    'kontrol.users': () => [user],
    'kontrol.user': () => [credential],
    'kontrol.invite': () => 'x'.repeat(32),
    signInCode: () => ({ code: 'x'.repeat(32), ttl: 1000 }),
    'proxy.status': () => ({
      name: 'proxy',
      url: kite.url,
      version: '1',
      uptime: 1,
      kites: [proxied],
      ...traffic,
    }),
    registerMachine: () => 'a.b.c',
    register: () => ({ url: kite.url, heartbeatInterval: 10 }),
  };
  for (const [name, value] of Object.entries(plausible)) {
    kite.handle(name, () => distort(value())).disableAuthentication();
  }
  return kite;
}

interface Output {
  readonly format: readonly string[];
  readonly isTTY: boolean;
}

/** Runs a command line in this process, and returns what it reports. */
async function run(line: string, url: string, { format, isTTY }: Output): Promise<string> {
  const target = line.includes('URL') ? [] : ['--to', url];
  const words = line.replaceAll('URL', url).split(' ');
  const [stdout, stderr] = [new Sink({ isTTY }), new Sink({ isTTY })];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error('stopped')), PATIENCE);
  const input = line === 'shell' ? 'text\n.methods\ntext 1\n' : '1\n2\n';
  await runInProcess([...words, ...target, ...format], { stdout, stderr, home, input, signal: stop.signal });
  clearTimeout(timer);
  return stderr.text;
}

/** Returns what a command line reports about a kite with distorted answers. */
async function reportOf(
  line: string,
  distort: (answer: unknown) => unknown,
  output: Output,
): Promise<string> {
  const kite = hostileKite(distort);
  await kite.listen();
  try {
    return `${line}: ${await run(line, kite.url ?? '', output)}`;
  } finally {
    await kite.close({ drainTimeout: 0 });
  }
}

it('commands report no bug of kitectl, whatever type and shape the answers of kites and Kontrol have', {
  timeout: fuzzTimeout(),
}, async () => {
  const { cases } = await fuzz('commands', async (dice) => {
    const format = dice.chance(0.6) ? ['-o', dice.pick(outputFormats)] : [];
    const isTTY = dice.chance(0.5);
    const report = await reportOf(dice.pick(LINES), (answer) => mutateJson(answer, dice), { format, isTTY });
    expect(report).not.toContain('This is a bug');
  });
  expect(cases).toBeGreaterThan(0);
});

/** Adds fields with the names that all objects inherit, in which a table of names finds something although it has no such entry. */
function withInheritedNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withInheritedNames);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withInheritedNames(item)]),
  );
  for (const name of Object.getOwnPropertyNames(Object.prototype))
    Object.defineProperty(copy, name, { value: 'text', enumerable: true });
  return copy;
}

it.each(LINES)(
  'kitectl %s reports no bug if answers have fields with the names that objects inherit',
  async (line) => {
    for (const isTTY of [true, false]) {
      const report = await reportOf(line, withInheritedNames, { format: [], isTTY });
      expect(report).not.toContain('This is a bug');
    }
  },
);
