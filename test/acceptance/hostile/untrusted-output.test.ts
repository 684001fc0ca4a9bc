import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputFormats } from '../../../src/lib/cli/terminal/output-format.js';
import { Kite, KiteError } from '../../../src/lib/index.js';
import { newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { runInProcess } from '../../helpers/cli/run-in-process.js';
import { Sink } from '../../helpers/cli/test-runtime.js';
import { testKeyPair } from '../../helpers/kite/keys.js';

// A hostile Kontrol, which is also a hostile kite, answers each command with each string, in each format, on a terminal and in a
// pipe. What is printed must neither control the terminal, nor hide or reorder text, nor look like a line of kitectl itself.

const MARK = 'MARK';

const HOSTILE: Readonly<Record<string, string>> = {
  'a color': '\u001b[31mMARK',
  'the title of the window': '\u001b]0;title\u0007MARK',
  'a C1 control': '\u009b2JMARK\u0085',
  'a deletion': 'MARK\u0008\u0008\u0008\u007f\r',
  'a forged hint': 'MARK\nhint: forged\nerror: forged\n',
  'a forged row': 'MARK\tforged\n7\t/forged/row\thttp://forged',
  'a line separator': 'MARK\u2028hint: forged\u2029',
  'an override of the direction': '\u202eMARK\u202d\u2066\u2069',
  'a mark of Arabic letters': 'MARK\u061c\u200e\u200f',
  'text without width': 'MA\u200bRK'.replace('\u200b', '') + '\u200b\u2060\ufeff\u00ad',
  'tag characters': 'MARK\u{e0001}\u{e0002}\u{e0041}\u{e007f}\u{e0100}',
  'halves of characters': 'MARK\ud83d \udc00',
};

// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN = /(?!\u200c|\u200d|[\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[\u{e0000}-\u{e0fff}]/u;

const FORGED_LINE = /^(?:hint: forged|error: forged|7\t|\/forged|forged)/m;

interface Line {
  readonly line: string;
  readonly input?: string;
  /** The formats to test. Default: all. */
  readonly formats?: readonly (string | undefined)[];
  /** Whether it prints a failure instead of a result. */
  readonly fails?: boolean;
  /** A command that runs until it has printed this. */
  readonly until?: string;
}

const ALL = [undefined, ...outputFormats];
const STREAMS = [undefined, 'json', 'ndjson', 'yaml', 'name'];
const PLAIN = [undefined];

const LINES: readonly Line[] = [
  { line: 'call text --to URL' },
  { line: 'call list --to URL' },
  { line: 'call object --to URL' },
  { line: 'call objects --to URL' },
  { line: 'call text --raw --to URL', formats: PLAIN },
  { line: 'call text --stdin --to URL', input: '1\n', formats: STREAMS },
  { line: 'call text --stdin --raw --to URL', input: '1\n', formats: PLAIN },
  { line: 'call back --callback --to URL', formats: STREAMS },
  { line: 'call text --all --to /bob', formats: STREAMS },
  { line: 'call text --all --raw --to /bob', formats: PLAIN },
  { line: 'call back --all --callback --to /bob', formats: STREAMS },
  { line: 'call log --all --to /bob', formats: PLAIN },
  { line: 'call fail --all --to /bob', formats: STREAMS, fails: true },
  { line: 'ping --all --to /bob' },
  { line: 'call log --to URL', formats: PLAIN },
  { line: 'call fail --to URL', fails: true },
  { line: 'call fail --stdin --keep-going --to URL', input: '1\n', formats: STREAMS, fails: true },
  { line: 'call fail --stdin --envelope --keep-going --to URL', input: '1\n', formats: STREAMS },
  { line: 'tell --method text --to URL' },
  { line: 'shell --to URL', input: 'text\nlist\nobject\n.methods\nfail\n' },
  { line: 'describe --to URL' },
  { line: 'bench fail --duration 20ms --to URL', fails: true },
  { line: 'ping --to /bob', formats: PLAIN },
  { line: 'query /bob' },
  { line: 'query /bob --watch', until: MARK },
  { line: 'watch /bob', until: MARK },
  { line: 'wait /bob' },
  { line: 'wait /bob --for gone --timeout 100ms', formats: PLAIN, fails: true },
  { line: 'token /bob/prod/math' },
  { line: 'top' },
  { line: 'doctor', fails: true },
  { line: 'kontrol status' },
  { line: 'kontrol keys list' },
  { line: 'kontrol users list' },
  { line: 'kontrol users show bob' },
  { line: 'kontrol users revoke bob --yes', fails: true },
  { line: 'kontrol keys rotate' },
  { line: 'kontrol invite eve' },
  { line: 'kontrol ui', formats: PLAIN },
  { line: 'kontrol keys revoke --kite-key 32c766ac-a4c1-4890-b30f-a63537e8997c --yes', fails: true },
  { line: 'proxy status' },
  { line: 'proxy status --to URL' },
  { line: 'register --to URL --username bob --force', fails: true },
];

let hostile = '';
let kontrol: Kite;
let home: string;
let url: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kitectl-hostile-'));
  kontrol = hostileKontrol();
  await kontrol.listen();
  url = kontrol.url ?? '';
  const keyPair = await testKeyPair();
  const jwt = newKiteKey({
    username: 'kontrol',
    kontrolUser: 'kontrol',
    kontrolUrl: url,
    keyPair,
    clock: systemClock,
  });
  await writeKiteKeyFile(jwt, { home });
});

afterAll(async () => {
  await kontrol.close({ drainTimeout: 0 });
  await rm(home, { recursive: true, force: true });
});

/** A kite whose every answer contains the hostile string. */
function hostileKontrol(): Kite {
  const kite = new Kite('kontrol', '1.0.0', {
    ip: '127.0.0.1',
    port: 0,
    kiteKey: false,
    env: {},
    logger: silentLogger,
  });
  const identity = () => ({
    username: `bob${hostile}`,
    environment: `prod${hostile}`,
    name: 'proxy',
    version: `1.0.0${hostile}`,
    region: `eu${hostile}`,
    hostname: `vm${hostile}`,
    id: `id${hostile}`,
  });
  const found = () => ({ kite: identity(), url: `${url}?${hostile}`, keyId: hostile, token: hostile });
  const fail = () => {
    throw new KiteError(`type${hostile}`, `failed ${hostile}`, { code: `code${hostile}` });
  };
  const answers: Readonly<Record<string, (args: readonly unknown[], client: unknown) => unknown>> = {
    text: () => hostile,
    list: () => [hostile, [hostile]],
    object: () => ({ [hostile]: hostile, inner: { [hostile]: [hostile] } }),
    objects: () => [{ [hostile]: hostile, name: hostile, id: hostile }],
    fail,
    'kite.describe': () => ({
      kite: identity(),
      methods: [{ name: `m${hostile}`, description: hostile, jsonSchema: { title: hostile } }],
    }),
    getToken: () => `a.b.${hostile}`,
    'kontrol.status': () => ({ url: hostile, [hostile]: { [hostile]: hostile } }),
    'kontrol.keys': () => [{ id: hostile, state: hostile, createdAt: 0 }],
    'kontrol.rotateKeys': () => ({ id: hostile }),
    'kontrol.invite': () => hostile,
    'kontrol.revokeKiteKey': fail,
    'kontrol.users': () => [{ username: hostile }],
    'kontrol.user': () => [{ id: hostile }],
    'kontrol.revokeUser': fail,
    signInCode: () => ({ code: hostile, ttl: 1000 }),
    'proxy.status': () => ({ url: hostile, kites: [{ kite: hostile, url: hostile, target: hostile }] }),
    registerMachine: fail,
    register: fail,
  };
  for (const [name, answer] of Object.entries(answers)) {
    kite.handle(name, ({ args, client }) => answer(args, client)).disableAuthentication();
  }
  kite
    .handle('back', ({ args }) => {
      const callback = args.at(-1) as (...values: unknown[]) => void;
      callback(hostile, { [hostile]: hostile });
      return hostile;
    })
    .disableAuthentication();
  kite
    .handle('log', async ({ client }) => {
      await client.tell('kite.log', hostile);
      await client.tell('kite.print', hostile);
      return hostile;
    })
    .disableAuthentication();
  kite
    .handle('getKites', ({ args: [query] }) => {
      const { watchCallback } = query as { watchCallback?: (event: unknown) => void };
      if (watchCallback) {
        const kite = { ...identity(), id: `other${hostile}` };
        setImmediate(() => watchCallback({ result: { action: 'REGISTER', ...found(), kite } }));
      }
      return { kites: [found()], watcherID: 'watcher' };
    })
    .disableAuthentication();
  kite.handle('cancelWatcher', () => true).disableAuthentication();
  return kite;
}

/** Runs a command line in this process, and returns all that it writes. */
async function printed(
  { line, input, until }: Line,
  format: string | undefined,
  isTTY: boolean,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const words = line.replaceAll('URL', url).split(' ');
  const argv = [...words, ...(format === undefined ? [] : ['-o', format])];
  const stop = new AbortController();
  const stdout = new Sink({ isTTY, columns: 80 });
  if (until !== undefined) {
    const write = stdout._write.bind(stdout);
    stdout._write = (chunk, encoding, done) => {
      write(chunk, encoding, done);
      if (stdout.text.includes(until)) setImmediate(() => stop.abort(new Error('stopped')));
    };
  }
  const stderr = new Sink({ isTTY, columns: 80 });
  const json = format === 'json' || argv.includes('--json');
  await runInProcess(argv, { stdout, stderr, home, input, signal: stop.signal, json });
  return { stdout: stdout.text, stderr: stderr.text };
}

const cases = LINES.flatMap(({ formats = ALL }) => formats).length * Object.keys(HOSTILE).length * 2;

it(`hostile output is tested in ${cases} outputs: ${LINES.length} command lines, ${Object.keys(HOSTILE).length} strings, every format, on a terminal and in a pipe`, () => {
  expect(cases).toBeGreaterThan(3000);
  for (const text of Object.values(HOSTILE)) expect(text).toContain(MARK);
});

describe.each(LINES)('kitectl $line', (line) => {
  it.each(Object.entries(HOSTILE))(
    `kitectl ${line.line} prints %s as harmless text in every format`,
    async (_title, text) => {
      hostile = text;
      let shown = '';
      const { formats = ALL } = line;
      for (const format of formats) {
        for (const isTTY of [false, true]) {
          const { stdout, stderr } = await printed(line, format, isTTY);
          const where = `-o ${format} ${isTTY ? 'on a terminal' : 'in a pipe'}`;
          // --raw is for programs: in a pipe, it passes a string on as it is.
          const verbatim = !isTTY && line.line.includes('--raw');
          if (!verbatim) {
            expect({ where, stdout: FORBIDDEN.exec(stdout)?.[0], text: stdout }).toEqual({
              where,
              text: stdout,
            });
            if (!line.line.includes('--raw'))
              expect(`${where}: ${FORGED_LINE.exec(stdout)?.[0]}`).toBe(`${where}: undefined`);
          }
          expect({ where, stderr: FORBIDDEN.exec(stderr)?.[0], text: stderr }).toEqual({
            where,
            text: stderr,
          });
          expect(`${where}: ${FORGED_LINE.exec(stderr)?.[0]}`).toBe(`${where}: undefined`);
          shown += stdout + stderr;
        }
      }
      expect(shown).toContain(MARK);
    },
  );
});
