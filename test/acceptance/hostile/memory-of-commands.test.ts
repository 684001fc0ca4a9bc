import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputFormats } from '../../../src/lib/cli/terminal/output-format.js';
import { Kite } from '../../../src/lib/index.js';
import { newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { bin, cleanEnv, root } from '../../helpers/cli/cli-harness.js';
import { CONNECTING_COMMANDS, walkProblems } from '../../helpers/cli/connecting-commands.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { peakMemory } from '../../helpers/process/peak-memory.js';

// A peer sends each command as much as a message can contain, or floods it, while nobody reads the output of the command.

/**
 * Maximum of the resident memory of a command, in MiB. One that prints `true` takes about 50, and the largest case takes 140
 * with Node 20 and 175 with Node 24.
 */
const MEMORY = 220;

/** Number of items of a large value. A table that is made of them at once takes hundreds of MiB. */
const ITEMS = 60_000;

/** What a peer sends of a flood before it gives up, in bytes. Without a bound, all of it would be in the memory of the command. */
const FLOOD = 200 * 1024 * 1024;

const PIECE = 'x'.repeat(16 * 1024);

interface Line {
  readonly line: string;
  readonly input?: string;
  /** The formats to test. Default: all. */
  readonly formats?: readonly (string | undefined)[];
  /** Whether the peer sends until the command stops reading, and the test then stops the command. */
  readonly floods?: boolean;
}

const ALL = [undefined, ...outputFormats];
const STREAMS = [undefined, 'json', 'ndjson', 'yaml', 'name'];
const PLAIN = [undefined];
/** The formats that print most of a change. */
const CHANGES = [undefined, 'table', 'json', 'ndjson', 'yaml'];

const LINES: readonly Line[] = [
  { line: 'call list --to URL' },
  { line: 'call object --to URL' },
  { line: 'call objects --to URL' },
  { line: 'call manyKeys --to URL', formats: ['table', 'yaml'] },
  { line: 'call text --to URL' },
  { line: 'call text --raw --to URL', formats: PLAIN },
  { line: 'call list --stdin --to URL', input: '1\n2\n', formats: STREAMS },
  { line: 'call back --callback --to URL', formats: STREAMS, floods: true },
  { line: 'call list --to /bob/prod/few --all', formats: STREAMS },
  { line: 'call text --raw --to /bob/prod/few --all', formats: PLAIN },
  { line: 'call log --to URL', formats: PLAIN },
  { line: 'call log --all-logs --to URL', formats: PLAIN, floods: true },
  { line: 'call fail --to URL', formats: PLAIN },
  { line: 'call fail --stdin --keep-going --to URL', input: '1\n2\n', formats: PLAIN },
  { line: 'tell --method object --to URL', formats: ['table', 'yaml'] },
  { line: 'shell --to URL', input: 'list\nobject\n.methods\n' },
  { line: 'describe --to URL' },
  { line: 'query /bob' },
  { line: 'query /bob --watch', formats: CHANGES, floods: true },
  { line: 'watch /bob', formats: CHANGES, floods: true },
  { line: 'wait /bob --for count=100' },
  { line: 'token /bob/prod/math', formats: PLAIN },
  { line: 'top --once', formats: PLAIN },
  { line: 'kontrol status' },
  { line: 'kontrol keys list' },
  { line: 'kontrol users list' },
  { line: 'kontrol users show bob' },
  { line: 'kontrol keys rotate', formats: PLAIN },
  { line: 'kontrol invite eve', formats: PLAIN },
  { line: 'proxy status --to URL' },
  { line: 'ping --to URL', formats: PLAIN },
  { line: 'bench text --to URL --duration 100ms', formats: PLAIN },
  { line: 'bench fail --to URL --duration 100ms', formats: PLAIN },
  { line: 'doctor', formats: PLAIN },
  { line: 'kontrol ui', formats: PLAIN },
  { line: 'kontrol keys revoke id --yes' },
  { line: 'kontrol users revoke bob --yes' },
];

let kontrol: Kite;
let folder: string;
let url: string;
/** Bytes that the last flood has sent. */
let sent = 0;
/** Called when the peer of a flood no longer reads. */
let stalled: () => void = () => {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kitectl-memory-'));
  kontrol = largeKontrol();
  await kontrol.listen();
  url = kontrol.url ?? '';
  const keyPair = await testKeyPair();
  const claims = { username: 'kontrol', kontrolUser: 'kontrol', kontrolUrl: url, clock: systemClock };
  await writeKiteKeyFile(newKiteKey({ ...claims, keyPair }), { home: join(folder, '.kite') });
});

afterAll(async () => {
  await kontrol.close({ drainTimeout: 0 });
  await rm(folder, { recursive: true, force: true });
});

function times<Item>(count: number, make: (n: number) => Item): Item[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** Calls `send` until the peer does not read any more, or until it has taken the whole flood. */
async function flood(client: { readonly backlog: number }, send: () => void): Promise<void> {
  sent = 0;
  // The peer does not read if the backlog stays the same for many turns of the event loop.
  for (let unread = 0, before = 0; sent < FLOOD && unread < 300; ) {
    const { backlog } = client;
    unread = backlog > 1024 * 1024 && backlog === before ? unread + 1 : 0;
    before = backlog;
    for (let n = 0; n < 20 && client.backlog <= 1024 * 1024; n++) {
      send();
      sent += PIECE.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stalled();
}

/** A kite whose answers are as large as a message can be. */
function largeKontrol(): Kite {
  const kite = new Kite('kontrol', '1.0.0', {
    ip: '127.0.0.1',
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
    limits: { sendQueueBytes: 2 ** 30, totalQueueBytes: 2 ** 30 },
  });
  const identity = (n: number) => ({
    username: 'bob',
    environment: 'prod',
    name: `math${n}`,
    version: '1.0.0',
    region: 'eu',
    hostname: 'vm',
    id: `id${n}`,
  });
  const found = (n: number) => ({ kite: identity(n), url: `${url}?${n}`, keyId: 'k', token: 't' });
  const objects = () => times(ITEMS / 4, (n) => ({ id: `id${n}`, username: `name${n}`, kites: n }));
  const fail = () => {
    throw new Error('x'.repeat(8 * 1024 * 1024));
  };
  const answers: Readonly<Record<string, (client: Caller) => unknown>> = {
    text: () => 'x'.repeat(8 * 1024 * 1024),
    list: () => times(ITEMS * 4, (n) => n),
    object: () => Object.fromEntries(times(ITEMS, (n) => [`key${n}`, n])),
    objects,
    manyKeys: () => times(ITEMS / 4, (n) => ({ [`key${n}`]: n })),
    fail,
    log: (client) => flood(client, () => void client.call('kite.log', [PIECE]).catch(() => undefined)),
    'kite.describe': () => ({
      kite: identity(0),
      methods: times(ITEMS / 4, (n) => ({ name: `method${n}`, description: 'x'.repeat(20) })),
    }),
    getToken: () => `a.b.${'x'.repeat(1024 * 1024)}`,
    'kontrol.status': () => ({ url, values: Object.fromEntries(times(ITEMS, (n) => [`key${n}`, n])) }),
    'kontrol.keys': objects,
    'kontrol.revokeKeyPair': objects,
    'kontrol.revokeUser': objects,
    signInCode: () => ({ code: 'x'.repeat(8 * 1024 * 1024), ttl: 1 }),
    'kontrol.rotateKeys': () => ({ id: 'x'.repeat(8 * 1024 * 1024) }),
    'kontrol.invite': () => 'x'.repeat(8 * 1024 * 1024),
    'kontrol.users': objects,
    'kontrol.user': objects,
    'proxy.status': () => ({ url, kites: times(ITEMS / 4, (n) => ({ kite: `/bob/${n}`, url })) }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    kite.handle(name, ({ client }) => answer(client)).disableAuthentication();
  }
  kite
    .handle('back', ({ args, client }) => {
      const callback = args.at(-1) as (...values: unknown[]) => void;
      return flood(client, () => callback(PIECE));
    })
    .disableAuthentication();
  kite
    .handle('getKites', ({ args: [query], client }) => {
      const { watchCallback } = query as { watchCallback?: (event: unknown) => void };
      const { query: fields } = query as { query?: { name?: unknown } };
      if (fields?.name === 'few') return { kites: times(2, found), watcherID: '' };
      if (!watchCallback) return { kites: times(ITEMS / 8, found), watcherID: '' };
      let n = 0;
      const change = () => ({ result: { action: 'REGISTER', ...found(0), url: `${url}?${n++}${PIECE}` } });
      setImmediate(() => void flood(client, () => watchCallback(change())));
      return { kites: times(100, found), watcherID: 'watcher' };
    })
    .disableAuthentication();
  kite.handle('cancelWatcher', () => true).disableAuthentication();
  return kite;
}

interface Caller {
  readonly backlog: number;
  call(method: string, args: unknown[]): Promise<unknown>;
}

interface Result {
  /** The peak of the resident memory, in MiB. */
  readonly peak: number;
  readonly stderr: string;
}

/** Runs a command line whose output is not read before the command waits for it. */
async function run({ line, input = '', floods = false }: Line, format: string | undefined): Promise<Result> {
  const words = line.replaceAll('URL', url).split(' ');
  const argv = [...words, ...(format === undefined ? [] : ['-o', format]), '--no-input'];
  const peakFile = join(folder, 'peak');
  const unread = new Promise<void>((resolve) => {
    stalled = resolve;
  });
  const preload = ['--require', join(root, 'test', 'helpers', 'cli', 'report-peak.cjs')];
  const env = cleanEnv(folder, { KITE_TIMEOUT: '60s', PEAK_FILE: peakFile });
  const child = spawn(process.execPath, [...preload, bin, ...argv], { env, stdio: 'pipe' });
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let stderr = '';
  const read = (): void => {
    child.stdout.removeAllListeners('readable').resume();
    child.stderr.removeAllListeners('readable');
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
  };
  if (floods) {
    await Promise.race([unread, closed]);
    const peak = await peakMemory(child.pid);
    child.kill('SIGKILL');
    read();
    await closed;
    return { peak, stderr };
  }
  await Promise.race([
    isFull(child.stdout),
    isFull(child.stderr),
    new Promise((resolve) => child.on('exit', resolve)),
  ]);
  read();
  await closed;
  return { peak: Number(await readFile(peakFile, 'utf8')) / 1024, stderr };
}

/** Resolves when a stream has buffered as much as it does without a reader, so that the command has to wait. */
function isFull(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.on('readable', () => {
      if (stream.readableLength >= stream.readableHighWaterMark) resolve();
    });
  });
}

const cases = LINES.flatMap(({ formats = ALL }) => formats).length;

it(`the memory of commands is measured in ${cases} outputs: ${LINES.length} command lines in their formats, with large values and floods, and a reader that sleeps`, () => {
  expect(cases).toBeGreaterThan(100);
});

it('the memory of each command that connects is measured', () => {
  expect(
    walkProblems(
      CONNECTING_COMMANDS,
      LINES.map(({ line }) => line),
    ),
  ).toEqual([]);
});

describe.each(LINES)('kitectl $line', (line) => {
  it(`kitectl ${line.line} takes little memory for large values that are not read`, {
    timeout: 120_000,
  }, async () => {
    for (const format of line.formats ?? ALL) {
      const { peak, stderr } = await run(line, format);
      const where = `${line.line} -o ${format}`;
      expect(peak, where).toBeLessThan(MEMORY);
      expect(stderr, where).not.toContain('bug of kitectl');
      if (line.floods) expect(sent, where).toBeLessThan(FLOOD);
    }
  });
});
