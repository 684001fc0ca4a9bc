import { describe, expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// Deadlines, leases and delays use the monotonic time and the timers of a `Clock` (src/lib/util/clock.ts): the time of the machine
// can be set, and a timer of JavaScript fires at once after more than 24.8 days.

/** The files that use timers or the time of JavaScript directly, with the reason. */
const DIRECT: Readonly<Record<string, string>> = {
  'src/lib/util/clock.ts': 'the mechanism itself',
  'src/lib/util/next-turn.ts': 'the next turn of the event loop, without a delay',
  'src/lib/util/socket-lock.ts': 'a fixed delay that keeps the process alive',
  'src/lib/kontrol/storage/etcd/etcd-cluster.ts': 'a fixed delay that keeps the process alive',
  'src/lib/cli/runtime/pause.ts': 'a delay of at most ten seconds that keeps the process alive',
  'src/lib/cli/runtime/child-groups.ts': 'a fixed delay that keeps the process alive',
  'src/lib/cli/serve/serve-instances.ts': 'a fixed interval that keeps the process alive',
  'src/ui/workspace.ts': 'a fixed interval of a page',
};

/** The files that read the time of the machine, with the reason. */
const DATES: Readonly<Record<string, string>> = {
  // Dates that people read.
  'src/lib/util/stderr-logger.ts': 'the time of a log line',
  'src/lib/kontrol/admin/audit-log.ts': 'the time of an entry, and refusals per minute',
  'src/lib/kontrol/kontrol.ts': 'when Kontrol was registered',
  'src/lib/proxy/shared/proxy-table.ts': 'when a kite was registered',
  'src/lib/cli/top/top.ts': 'the time of the screen',
  'src/ui/table.ts': 'the age of a registration',
  'src/ui/workspace.ts': 'the age of a registration',
  // Headers, certificates and files.
  'src/lib/transport/server/sockjs-server.ts': 'the header Expires',
  'src/lib/keys/certificate.ts': 'the validity of a certificate',
  'src/lib/cli/kites/staging.ts': 'the age of a folder',
  'src/lib/cli/kontrol/export-import.ts': 'the expiry of registrations',
  'src/lib/cli/completion/look-up-values.ts': 'the age of a file',
  'src/lib/cli/doctor/doctor.ts': 'the clock is what it examines',
  // Kite keys and tokens.
  'src/lib/keys/jwt.ts': 'the validity of a token',
  'src/lib/keys/kite-key.ts': 'the validity of a kite key',
  'src/lib/keys/kite-token.ts': 'the validity of a token',
  'src/lib/kite/call/kontrol-time.ts': 'the time of Kontrol, if it is not known better',
  'src/lib/kite/call/token-renewal.ts': 'reads the time of Kontrol',
  'src/lib/kite/kontrol/kontrol-member.ts': 'reads the time of Kontrol',
  'src/lib/kite/serve/request.ts': 'the date of a deadline that was sent as a duration',
  'src/lib/kite/trust/verified-credentials.ts': 'how long a token is still valid',
  'src/lib/kontrol/admin/users.ts': 'kite keys that were issued before now are revoked',
  'src/lib/kontrol/registry/lost-kites.ts': 'since when a kite is silent',
  'src/lib/kontrol/registry/registrar.ts': 'whether a kite key is due, and when a kite was registered',
  'src/lib/kontrol/registry/watch-notifier.ts': 'the end of the session in a token',
  'src/lib/kontrol/tokens/credential-uses.ts': 'when a credential was used, and its end',
  'src/lib/kontrol/tokens/credentials.ts': 'the validity of a credential',
  'src/lib/kontrol/tokens/key-ring.ts': 'when a kite key or a key pair was issued',
  'src/lib/kontrol/tokens/token-issuer.ts': 'the validity of a token',
  // What is stored, and compared with what other nodes have stored.
  'src/lib/kontrol/admin/invites.ts': 'the expiry of a stored invite',
  'src/lib/kontrol/registry/lease-refresher.ts': 'the expiry of a stored lease',
  'src/lib/kontrol/registry/registration-record.ts': 'the expiry of a stored lease',
  'src/lib/kontrol/registry/registry.ts': 'how long a stored lease is still valid',
  'src/lib/kontrol/registry/store-clock.ts': 'what the time of the machine differs by',
  'src/lib/util/steady-clock.ts': 'the time at which the process began',
  'src/lib/proxy/tunnel/tunnel-tokens.ts': 'reads a steady clock',
  'src/lib/kontrol/registry/store-sync.ts': 'the expiry of stored leases',
  'src/lib/kontrol/storage/etcd/etcd-config.ts': 'gRPC converts a time to a duration at once',
  'src/lib/kontrol/storage/etcd/etcd-storage.ts': 'how long a stored invite is still valid',
  'src/lib/kontrol/storage/etcd/heartbeat-buckets.ts': 'the expiry of a stored lease',
};

const files = sourceFiles().map(({ path, text }) => ({ path, code: withoutComments(text) }));

const sorted = (table: Readonly<Record<string, string>>): string[] =>
  Object.keys(table).toSorted((a, b) => a.localeCompare(b, 'en'));

const matching = (pattern: RegExp): string[] =>
  files.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

/** A timer or a time that is not that of a clock. */
const DIRECT_USE = /\bset(?:Timeout|Interval)\b|\bDate\.now\b|\bnew Date\(\)|node:timers/;
/** Timers of clocks, declarations of a clock, and the timeout of a socket, which Node checks. */
const CLOCK_USE =
  /(?:[cC]lock|this\.#socket)\.setTimeout\(|^ +setTimeout(?:: )?\(callback(?:: \(\) => void)?, ms(?:: number)?\)(?:: Timer)?(?:;| \{$| =>)/gm;
const CALLS_NOW = /(?<!runtime|performance|Date|this)\.now\(\)/;

describe('the use of clocks', () => {
  it('the files that use timers or the time of JavaScript directly are listed', () => {
    console.log(
      `${files.length} files walked: ${Object.keys(DIRECT).length} use timers of JavaScript directly`,
    );
    expect(files.length).toBeGreaterThan(500);
    const direct = files.filter(({ code }) => DIRECT_USE.test(code.replaceAll(CLOCK_USE, '')));
    expect(direct.map(({ path }) => path)).toEqual(sorted(DIRECT));
  });

  it('the files that read the time of the machine are listed, and none of them for a deadline', () => {
    console.log(`${Object.keys(DATES).length} files read the time of the machine`);
    expect(matching(CALLS_NOW)).toEqual(sorted(DATES));
  });

  it('every timer of a clock takes any duration, because the system clock does', () => {
    const timers = files.flatMap(({ code }) => code.match(/[cC]lock\??\.setTimeout\(/g) ?? []);
    console.log(`${timers.length} timers of clocks`);
    expect(timers.length).toBeGreaterThan(50);
    const bounded = matching(/2 \*\* 31|2_?147_?483_?647|Math\.min\([^)]*(?:DELAY|TIMER)/);
    expect(bounded).toEqual(['src/lib/util/clock.ts']);
  });
});
