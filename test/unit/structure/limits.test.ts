import { describe, expect, it } from 'vitest';
import { limitDeclarations, numberOf } from '../../../scripts/reference/limit-declarations.js';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// A limit on resources that a peer can use is declared in a file `*-limits.ts`, from whose comments docs/limits.md is
// generated. This test finds numbers elsewhere that look like limits.

/** Numbers in comparisons that limit nothing that a peer decides, each with its purpose. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/lib/cli/bench/bench.ts': { MAX_CONCURRENT_DIALS: 'how many connections are opened at a time' },
  'src/lib/cli/bench/measurement.ts': { MAX_LATENCY: 'the range of the histogram' },
  'src/lib/cli/completion/completion-cache.ts': {
    FRESH_FOR: 'the age up to which cached values are used',
    USABLE_FOR: 'the age up to which cached values are used if the lookup fails',
  },
  'src/lib/cli/doctor/kontrol-checks.ts': {
    NOTICED: 'the clock skew that is worth a warning',
    REFUSED: 'the clock skew with which tokens are refused',
  },
  'src/lib/cli/kites/install-source.ts': { '214': 'the longest name of a package in npm' },
  'src/lib/cli/kites/staging.ts': { LEFT_BEHIND: 'the age of a folder that no process uses any more' },
  'src/lib/cli/terminal/tables.ts': { MIN_COLUMN_WIDTH: 'the layout of a table' },
  'src/lib/keys/certificate.ts': {
    '64': 'the longest common name of X.509',
    '253': 'the longest host name of the DNS',
  },
  'src/lib/kite/call/envelope-prefix.ts': {
    SHORTEST: 'the length below which recognising a prefix saves nothing',
  },
  'src/lib/kite/call/token-renewal.ts': { LONGEST_WAIT: 'the longest timer of JavaScript' },
  'src/lib/kontrol/registry/expiry-wheel.ts': { BUCKET: 'the precision of expiry' },
  'src/lib/kontrol/registry/kite-index.ts': { LARGEST_BUCKET: 'the shape of the index' },
  'src/lib/kontrol/registry/queries.ts': { SIGNATURES_A_TURN: 'when other calls get their turn' },
  'src/lib/kontrol/signalling/signalling.ts': { LEAST: 'what a signal counts at least towards signalBytes' },
  'src/lib/kontrol/storage/etcd/etcd-cluster.ts': { PAUSE: 'the time between two attempts' },
  'src/lib/kontrol/storage/etcd/etcd-failures.ts': {
    DEADLINE_EXCEEDED: 'a status code of gRPC',
    UNAVAILABLE: 'a status code of gRPC',
  },
  'src/lib/kontrol/storage/etcd/etcd-registrations.ts': {
    TRIES: 'attempts of a transaction of its own',
    WRITES: 'how much is written to etcd at once',
  },
  'src/lib/kontrol/storage/etcd/etcd-storage.ts': { LONGEST_LEASE: 'the longest lease of etcd' },
  'src/lib/kontrol/storage/etcd/etcd-watch.ts': { ASK_AGAIN: 'the time between two attempts' },
  'src/lib/kontrol/storage/etcd/heartbeat-buckets.ts': {
    CHARACTERS: 'how much is written to etcd at once',
    GROUP: 'how much is written to etcd at once',
    OPERATIONS: 'the most operations of a transaction of etcd',
  },
  'src/lib/kontrol/storage/etcd/node-lease.ts': { TRIES: 'attempts of a transaction of its own' },
  'src/lib/kontrol/storage/etcd/range-read.ts': {
    OPERATIONS: 'the most operations of a transaction of etcd',
    TRIES: 'attempts of a read of its own',
  },
  'src/lib/kontrol/storage/file/folder-lock.ts': { LONGEST: 'the longest path of a socket' },
  'src/lib/kontrol/storage/postgres/database.ts': { TRIES: 'attempts of a statement of its own' },
  'src/lib/kontrol/storage/postgres/postgres-changes.ts': { BATCH: 'how much is read at once' },
  'src/lib/kontrol/storage/postgres/postgres-storage.ts': { PAGE: 'how much is read at once' },
  'src/lib/kontrol/registry/lease-refresher.ts': { BATCH: 'how much is written at once' },
  'src/lib/transport/channel/close-code.ts': {
    REASON_BYTES: 'the longest reason of a WebSocket close frame',
  },
  'src/lib/transport/channel/outgoing-message.ts': { FEW: 'which of two ways to quote is faster' },
  'src/lib/transport/server/session-responses.ts': { STREAM_BYTES: 'when SockJS ends a streaming response' },
  'src/lib/transport/sockjs/ascii-frame.ts': {
    '126': 'the encoding of a length in WebSocket',
    LONGEST: 'the frames that are encoded the fast way',
  },
  'src/lib/transport/sockjs/frame-queue.ts': { FRAME_LENGTH: 'how much is sent in one frame' },
  'src/lib/transport/sockjs/frames.ts': {
    LONGEST_GAP: 'which of two ways to scan is faster',
    SCANNED_LENGTH: 'which of two ways to scan is faster',
  },
  'src/lib/transport/webrtc/chunked-channel.ts': { PIECE: 'how much is sent in one piece' },
  'src/lib/transport/webrtc/rtc-channel.ts': {
    BROWSER_QUEUE: 'how much the browser is given at a time',
    MESSAGE_LENGTH: 'how much is sent in one message',
  },
  'src/lib/transport/webrtc/signalled-channel.ts': { SIGNAL_LENGTH: 'how much is sent in one signal' },
  'src/ui/format.ts': { SECOND: 'a unit' },
  'src/ui/work.ts': { PAGE: 'how many rows are shown at first' },
};

const NUMBER = String.raw`-?[\d_]+(?:\.\d+)?(?: ?\*\*? ?[\d_]+| - \d+)*`;

/** Constants and numbers in `code` that are compared, or that truncate or limit something. */
function bounds(code: string): string[] {
  const constants = [...code.matchAll(new RegExp(`^(?:export )?const ([A-Z][A-Z0-9_]*) = ${NUMBER};`, 'gm'))]
    .map(([, name = '']) => name)
    .filter((name) =>
      new RegExp(
        `(?:[<>]=?|===) (?:[\\w.]+ [*+-] )?${name}\\b|\\b${name}\\b(?: [*/+-] [\\w.]+)? (?:[<>]=?|===) |` +
          `Math\\.(?:min|max)\\([^;]*\\b${name}\\b|\\.slice\\((?:0|start), (?:start \\+ )?${name}\\b|` +
          `\\+= ${name}\\b|subarray\\(-${name}\\b|slice\\(-${name}\\b|(?:[cC]ache|Map|Bucket|ConcurrencyGate|Gate)\\([^)]*\\b${name}\\b`,
      ).test(code),
    );
  const literals = [
    ...code.matchAll(/(?:[lL]ength|[sS]ize|[cC]ount|[bB]ytes)\)? [<>]=? (\d[\d_]+)\b/g),
    ...code.matchAll(/new LruMap\((\d[\d_]*)/g),
    ...code.matchAll(/(?<!digest\('\w+'\))\.slice\(0, (\d{2,})\)/g),
  ].map(([, number = '']) => number);
  return [...constants, ...literals];
}

const files = sourceFiles()
  .filter(({ path }) => !path.endsWith('-limits.ts'))
  .map(({ path, text }) => ({ path, found: bounds(withoutComments(text)) }));

describe('limits on the resources that peers can use', () => {
  it('limits are declared in files of limits only', () => {
    const elsewhere = files.flatMap(({ path, found }) =>
      found.filter((name) => ALLOWED[path]?.[name] === undefined).map((name) => `${path}: ${name}`),
    );
    const count = files.reduce((sum, { found }) => sum + found.length, 0);
    console.log(`${files.length} files walked: ${count} numbers are compared outside the files of limits`);
    expect(files.length).toBeGreaterThan(400);
    expect(elsewhere).toEqual([]);
  });

  it('limits that are declared elsewhere are found', () => {
    expect(bounds('const MOST = 10;\nif (list.length >= MOST) throw full();')).toEqual(['MOST']);
    expect(bounds('const KEPT = 4 * 1024;\nthis.#map = new LruMap(KEPT, clock);')).toEqual(['KEPT']);
    expect(bounds('const MOST = 1_000;\nreturn list.slice(0, MOST);')).toEqual(['MOST']);
    expect(bounds('if (text.length > 4096) return undefined;')).toEqual(['4096']);
    expect(bounds('const DAY = 86_400_000;\nreturn days * DAY;')).toEqual([]);
  });

  it('limits have no obsolete exception', () => {
    const stale = Object.entries(ALLOWED).flatMap(([path, names]) => {
      const found = files.find((file) => file.path === path)?.found ?? [];
      return Object.keys(names)
        .filter((name) => !found.includes(name))
        .map((name) => `${path}: ${name}`);
    });
    expect(stale).toEqual([]);
  });

  it('limits are documented with their defaults', async () => {
    const limits = await limitDeclarations();
    const declared = new Set(limits.map(({ file }) => file));
    console.log(`${limits.length} limits are declared and documented, in ${declared.size} files`);
    for (const { file, name, value, default: otherwise } of limits) {
      expect(numberOf(otherwise), `${name} in ${file}`).toBe(value);
    }
    expect(limits.length).toBeGreaterThan(90);
  });

  it('limits are each used outside the file that declares them', async () => {
    const source = sourceFiles()
      .filter(({ path }) => !path.endsWith('-limits.ts'))
      .map(({ text }) => withoutComments(text))
      .join('\n');
    const unused = (await limitDeclarations()).filter(
      ({ name }) => !new RegExp(`\\b${name}\\b`).test(source),
    );
    expect(unused.map(({ file, name }) => `${name} in ${file}`)).toEqual([]);
  });

  it('limits have unique names, by which the documentation and errors refer to them', async () => {
    const names = (await limitDeclarations()).map(({ name }) => name);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });
});
