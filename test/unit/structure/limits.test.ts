import type { SourceFile } from 'typescript/unstable/ast';
import { describe, expect, it } from 'vitest';
import { limitDeclarations, numberOf } from '../../../scripts/reference/limit-declarations.js';
import { importGraph } from '../../../scripts/structure/source-imports.js';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';
import { parseSources } from '../../language/parse-sources.js';
import { bounds } from './bounds.js';

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
    SKEW_WARNING: 'the clock skew that is reported as a warning',
  },
  'src/lib/cli/kites/install-source.ts': { '214': 'the longest name of a package in npm' },
  'src/lib/cli/kites/staging.ts': { STALE_AGE: 'the age of a folder that no process uses any more' },
  'src/lib/cli/serve/instance-addresses.ts': { LAST_PORT: 'the last port of TCP' },
  'src/lib/cli/serve/supervisor.ts': { STABLE_TIME: 'when the start of an instance counts as successful' },
  'src/lib/cli/target/ask-all.ts': { PROBE_TIMEOUT: 'how long an answer is awaited' },
  'src/lib/cli/settings/kontrol-start-settings.ts': { default: 'the default of a setting' },
  'src/lib/cli/terminal/tables.ts': { MIN_COLUMN_WIDTH: 'the layout of a table' },
  'src/lib/keys/certificate.ts': {
    '64': 'the longest common name of X.509',
    type: 'a type of name in X.509',
    '253': 'the longest host name of the DNS',
  },
  'src/lib/keys/jwt-claims.ts': { TOKEN_LEEWAY: 'the clock skew with which tokens are accepted' },
  'src/lib/keys/kite-token.ts': { TOKEN_TTL: 'how long a token is valid' },
  'src/lib/util/utf8.ts': { PIECE: 'how much text is encoded at a time to count its bytes' },
  'src/lib/kite/call/envelope-prefix.ts': {
    MIN_LENGTH: 'the length below which recognizing a prefix saves nothing',
  },
  'src/lib/util/data-json.ts': {
    LONG: 'which of two ways to encode is faster',
    FEW: 'which of two ways to encode is faster',
  },
  'src/lib/kite/call/usual-messages.ts': { EXACT_DIGITS: 'the digits of numbers that are always exact' },
  'src/lib/kite/streams/stream-producer.ts': {
    FIRST_ITEM_TURNS: 'when an item counts as not there at once',
    ITEMS_PER_TURN: 'how often the event loop gets a turn',
  },
  'src/lib/kite/streams/stream-reader.ts': {
    MAX_SMOOTH_BATCHES: 'after how many parts they grow at the latest',
    BATCHES_PER_WINDOW: 'the part of a window for which credit is given at a time',
  },
  'src/lib/kite/service/endpoint-pool.ts': { IDLE_CHECKS: 'how long an unused connection stays open' },
  'src/lib/cli/query/awaited-kites.ts': { LISTED_KITES: 'the length of an error of the program itself' },
  'src/lib/kite/service/service-core.ts': { LISTED_KITES: 'the length of an error of the program itself' },
  'src/lib/kite/service/retry-budget.ts': {
    RESERVE: 'how many calls of the program itself are made again',
    SAVED: 'how many calls of the program itself are made again',
  },
  'src/lib/util/clock.ts': { MAX_DELAY: 'the longest timer of JavaScript' },
  'src/lib/kite/kontrol/kontrol-member.ts': { MIN_RENEWAL_DELAY: 'the time between two attempts' },
  'src/lib/kontrol/tokens/credential-uses.ts': {
    HOUR: 'the precision of last uses',
    MAX_TIME: 'the last time of a Date',
  },
  'src/lib/kontrol/policy/policy.ts': { NAME_DEPTH: 'the fields of an audience that every kite checks' },
  'src/lib/kontrol/registry/expiry-wheel.ts': { BUCKET_MS: 'the precision of expiry' },
  'src/lib/kontrol/registry/kite-index.ts': { MAX_BUCKET_SIZE: 'the shape of the index' },
  'src/lib/kontrol/registry/store-clock.ts': {
    CLOCK_TOLERANCE: 'the difference of clocks that is reported as a warning',
    SLOW_ANSWER: 'which answers say too little about a clock',
    JITTER: 'which differences of clocks are those of round trips',
    FORGOTTEN_AFTER: 'the age up to which the time of a node is used',
  },
  'src/lib/kontrol/registry/fair-turns.ts': { STEPS_PER_TURN: 'when the event loop gets a turn' },
  'src/lib/kontrol/registry/kites-responses.ts': {
    MOVED_PER_STEP: 'the length of a step',
    ENCODED_PER_STEP: 'the length of a step',
    KITE_LENGTH: 'the length of a kite in JSON',
    LONG_RESPONSE: 'which responses count towards LONG_RESPONSES',
    MEASURED_PER_STEP: 'the length of a step',
  },
  'src/lib/kontrol/registry/registration-record.ts': { MIN_KEY_TTL: 'the shortest lifetime of a kite key' },
  'src/lib/kontrol/storage/store-transfer.ts': { CONCURRENT_WRITES: 'concurrency of an import' },
  'src/lib/kontrol/registry/lost-kites.ts': {
    FEW: 'when the network is held responsible for lost connections',
    LOST_PER_STEP: 'the length of a step',
  },
  'src/lib/kontrol/registry/registrar.ts': { REMOVED_PER_STEP: 'the length of a step' },
  'src/lib/kontrol/registry/registry.ts': {
    EXAMINED_PER_STEP: 'the length of a step',
    STALL_THRESHOLD: 'the delay of a timer that shows that the process was suspended',
  },
  'src/lib/kontrol/registry/change-log.ts': { MANY_REPLACED: 'when replaced changes are removed' },
  'src/lib/kontrol/registry/fan-out.ts': { EVENTS_PER_STEP: 'the length of a step' },
  'src/lib/kontrol/signalling/signalling.ts': {
    MIN_SIGNAL_BYTES: 'the minimum that a signal counts towards signalBytes',
  },
  'src/lib/kontrol/storage/etcd/etcd-credentials.ts': {
    BATCH_SIZE: 'how much is written to etcd at once',
    MAX_ATTEMPTS: 'attempts of a transaction of its own',
  },
  'src/lib/kontrol/storage/etcd/etcd-cluster.ts': { RETRY_DELAY: 'the time between two attempts' },
  'src/lib/kontrol/storage/etcd/etcd-failures.ts': {
    DEADLINE_EXCEEDED: 'a status code of gRPC',
    UNAVAILABLE: 'a status code of gRPC',
  },
  'src/lib/kontrol/storage/etcd/etcd-registrations.ts': {
    ETCD_BATCH_SIZE: 'how much is written to etcd at once',
    MAX_ATTEMPTS: 'attempts of a transaction of its own',
  },
  'src/lib/kontrol/storage/etcd/etcd-storage.ts': { MAX_LEASE_TTL: 'the longest lease of etcd' },
  'src/lib/kontrol/storage/etcd/etcd-watch.ts': { PROGRESS_INTERVAL: 'the time between two attempts' },
  'src/lib/kontrol/storage/etcd/heartbeat-buckets.ts': {
    BUCKET_SIZE: 'how much is written to etcd at once',
    MAX_CHARACTERS: 'how much is written to etcd at once',
    MAX_OPERATIONS: 'the most operations of a transaction of etcd',
  },
  'src/lib/cli/runtime/command-runtime.ts': { WRITE_LENGTH: 'how much is written at once' },
  'src/lib/cli/target/socket-owner.ts': { SHORT_READ: 'how a table of the kernel ends' },
  'src/lib/cli/target/peer-log.ts': { PERIOD: 'the second of PEER_LOG_BYTES' },
  'src/lib/cli/terminal/value-parts.ts': { VALUES_PER_PIECE: 'how much is converted at once' },
  'src/lib/kontrol/storage/etcd/shared-lease.ts': { MAX_ATTEMPTS: 'attempts of a transaction of its own' },
  'src/lib/kontrol/storage/etcd/range-read.ts': {
    MAX_ATTEMPTS: 'attempts of a read of its own',
    MAX_OPERATIONS: 'the most operations of a transaction of etcd',
  },
  'src/lib/cli/runtime/child-groups.ts': {
    CHECK_INTERVAL: 'how often to check whether processes have ended',
    KILL_DELAY: 'how long processes have to end',
  },
  'src/lib/util/base64.ts': { PIECE: 'how many characters are made at once' },
  'src/lib/util/socket-lock.ts': { MAX_SOCKET_PATH: 'the longest path of a socket' },
  'src/lib/kontrol/storage/postgres/database.ts': { MAX_ATTEMPTS: 'attempts of a statement of its own' },
  'src/lib/kontrol/storage/postgres/postgres-changes.ts': { BATCH_SIZE: 'how much is read at once' },
  'src/lib/kontrol/storage/postgres/postgres-storage.ts': { PAGE_SIZE: 'how much is read at once' },
  'src/lib/kontrol/registry/lease-refresher.ts': { BATCH_SIZE: 'how much is written at once' },
  'src/lib/kontrol/storage/shared/sealer.ts': { SALT_BYTES: 'the layout of an encrypted value' },
  'src/lib/transport/channel/close-code.ts': {
    GO_AWAY_CODE: 'a close code of SockJS',
    RESTART_CODE: 'a close code of WebSocket',
    REASON_BYTES: 'the longest reason of a WebSocket close frame',
  },
  'src/lib/transport/server/session-responses.ts': { STREAM_BYTES: 'when SockJS ends a streaming response' },
  'src/lib/transport/websocket/ascii-frame.ts': {
    '126': 'the encoding of a length in WebSocket',
    MAX_LENGTH: 'the frames that are encoded the fast way',
  },
  'src/lib/transport/websocket/websocket-frame.ts': {
    '126': 'the encoding of a length in WebSocket',
    '65_536': 'the encoding of a length in WebSocket',
  },
  'src/lib/transport/websocket/websocket-channel.ts': { LONG_TEXT: 'which of two ways to decode is faster' },
  'src/lib/transport/sockjs/binary-frame.ts': { LENGTH_BYTES: 'the layout of a binary message' },
  'src/lib/transport/sockjs/frame-batch.ts': {
    BATCH_LENGTH: 'when a frame is sent within a turn of the event loop',
    BATCH_MESSAGES: 'when a frame is sent within a turn of the event loop',
  },
  'src/lib/kite/call/item-messages.ts': {
    ITEMS_PER_MESSAGE: 'when items are sent within a turn of the event loop',
    ITEM_MESSAGE_LENGTH: 'when items are sent within a turn of the event loop',
  },
  'src/lib/transport/sockjs/frame-queue.ts': { FRAME_LENGTH: 'how much is sent in one frame' },
  'src/lib/transport/sockjs/quoting.ts': { RARE_COUNT: 'which of two ways to quote is faster' },
  'src/lib/transport/sockjs/frames.ts': {
    MAX_GAP: 'which of two ways to scan is faster',
    SCANNED_LENGTH: 'which of two ways to scan is faster',
  },
  'src/lib/transport/webrtc/chunked-channel.ts': { CHUNK_LENGTH: 'how much is sent in one chunk' },
  'src/lib/transport/webrtc/rtc-channel.ts': {
    BROWSER_QUEUE_BYTES: 'how much the browser is given at a time',
    MESSAGE_LENGTH: 'how much is sent in one message',
  },
  'src/lib/transport/webrtc/signalled-channel.ts': { SIGNAL_LENGTH: 'how much is sent in one signal' },
  'src/lib/proxy/reverse/kite-hosts.ts': { LABEL_DIGITS: 'how long the host names of kites are' },
  'src/lib/cli/query/follow-kites.ts': { STABLE_TIME: 'when a connection counts as stable' },
  'src/lib/cli/call/arguments.ts': { SHOWN_LENGTH: 'how much of a word an error message shows' },
  'src/lib/util/exact-number.ts': {
    PART: 'how much of a message is searched at once',
    OVERLAP: 'how much of a message is searched twice',
    LONG_NUMBER: 'the length of a number that may not be exact',
    LONG_EXPONENT: 'the length of an exponent with which a number may not be exact',
    STRING_CHECK: 'which of two ways to scan is faster',
  },
  'src/ui/workspace.ts': { PAGE_SIZE: 'how many rows are shown at first' },
  'src/lib/util/message-of.ts': { CAUSES: 'how many causes of an error are logged' },
  'src/ui/format.ts': { HEX_COLUMNS: 'the layout of bytes' },
};

const sources = sourceFiles();
const parsed = parseSources(Object.fromEntries(sources.map(({ path, text }) => [path, text])));
const imports = importGraph(new Map(sources.map(({ path, text }) => [path, text])));

function importersOf(path: string): SourceFile[] {
  return [...imports]
    .filter(([, targets]) => targets.includes(path))
    .flatMap(([importer]) => parsed.get(importer) ?? []);
}

const files = [...parsed]
  .filter(([path]) => !path.endsWith('-limits.ts'))
  .map(([path, file]) => ({ path, found: bounds(file, importersOf(path)) }));

/** Returns what the check finds in the first of some files, of which the others import it. */
function boundsIn(code: string, importer = ''): string[] {
  const [file, other] = [...parseSources({ 'file.ts': code, 'other.ts': importer }).values()];
  return file && other ? bounds(file, [other]) : [];
}

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
    expect(boundsIn('const MOST = 10;\nif (list.length >= MOST) throw full();')).toEqual(['MOST']);
    expect(boundsIn('const KEPT = 4 * 1024;\nthis.#map = new LruMap(KEPT, clock);')).toEqual(['KEPT']);
    expect(boundsIn('const MOST = 1_000;\nreturn list.slice(0, MOST);')).toEqual(['MOST']);
    expect(boundsIn('if (text.length > 4096) return undefined;')).toEqual(['4096']);
    expect(boundsIn('const maxPlanted = 500;\nif (items.length > maxPlanted) throw full();')).toEqual([
      'maxPlanted',
    ]);
    expect(
      boundsIn('class Items { #max = 1000; get full() { return this.items.size >= this.#max; } }'),
    ).toEqual(['#max']);
    expect(boundsIn('function add(max = 50): boolean { return items.size < max; }')).toEqual(['max']);
    expect(boundsIn('const options = { most: 50 };\nreturn Math.min(count, options.most);')).toEqual([
      'most',
    ]);
    expect(boundsIn('export const MOST = 50;', 'if (items.size > MOST) throw full();')).toEqual(['MOST']);
  });

  it('numbers that are not limits are not found', () => {
    expect(boundsIn('const DAY = 86_400_000;\nreturn days * DAY;')).toEqual([]);
    expect(boundsIn('let tries = 2;\nwhile (tries < n) tries += 1;')).toEqual([]);
    expect(boundsIn('const QUOTE = 0x22;\nif (code === QUOTE) end();')).toEqual([]);
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
