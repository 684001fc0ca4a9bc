import { isStorageError, StorageError } from '../shared/storage.js';
import { messageOf } from '../../../util/message-of.js';

/** What gRPC or etcd says of a call that failed. */
interface Reason {
  /** The status of gRPC; undefined where the failure is none of its own. */
  readonly code: number | undefined;
  readonly text: string;
}

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** Statuses after which another member, or the same a moment later, may answer. */
const PASSING: readonly number[] = [1, 2, DEADLINE_EXCEEDED, 8, 10, 13, UNAVAILABLE];

/** Whether it makes sense to try again. */
export function isPassing(error: unknown): boolean {
  const { code, text } = reasonOf(error);
  if (/already closed/.test(text)) return true;
  return code !== undefined && PASSING.includes(code) && !/space exceeded/.test(text);
}

/** Whether nothing listens there: the call was not sent. */
export function wasRefused(error: unknown): boolean {
  const { code, text } = reasonOf(error);
  return code === UNAVAILABLE && /No connection established|Name resolution failed/.test(text);
}

/** Whether the login is no good any more: it is forgotten with a restart, and with each change of users and roles. */
export function isStaleLogin(error: unknown): boolean {
  return /invalid auth token|auth store is old/.test(reasonOf(error).text);
}

/** Whether the lease of a key that is put has ended. */
export function isLeaseGone(error: unknown): boolean {
  return /requested lease not found/.test(reasonOf(error).text);
}

/** Whether history that was asked for has been compacted meanwhile. */
export function isCompacted(error: unknown): boolean {
  return /has been compacted/.test(reasonOf(error).text);
}

/** What went wrong at which members, as a StorageError. */
export function explain(urls: readonly string[], failures: ReadonlyMap<string, unknown>): StorageError {
  const errors = [...failures.values()];
  const cause = errors.findLast((error) => !wasRefused(error)) ?? errors.at(-1);
  if (isStorageError(cause)) return cause;
  const reasons = [...failures].map(([url, error]) => `${url}: ${plainly(reasonOf(error))}`);
  const advice = adviceOn(urls, errors.map((error) => reasonOf(error).text).join('\n'), isPassing(cause));
  const what = isPassing(cause) ? 'cannot be reached' : 'refuses this';
  return new StorageError('unavailable', `${nameOf(urls)} ${what}: ${reasons.join('; ')}. ${advice}`, {
    cause,
  });
}

export function nameOf(urls: readonly string[]): string {
  return `etcd at ${urls.join(', ')}`;
}

function plainly({ code, text }: Reason): string {
  if (code === DEADLINE_EXCEEDED || /context deadline exceeded/.test(text))
    return 'it did not answer in time';
  return text
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? ?Resolution note: .*$/s, '')
    .replace(/^etcdserver: /, '');
}

function adviceOn(urls: readonly string[], text: string, passing: boolean): string {
  if (/authentication failed/.test(text))
    return 'Check the user and its password (KONTROL_ETCD_USERNAME, KONTROL_ETCD_PASSWORD)';
  if (/user name is empty|user name not found/.test(text))
    return 'It asks who Kontrol is: set KONTROL_ETCD_USERNAME and KONTROL_ETCD_PASSWORD';
  if (/authentication is not enabled/.test(text))
    return 'It knows no users: leave out KONTROL_ETCD_USERNAME, or enable authentication there';
  if (/permission denied/.test(text))
    return "Grant the user's role to read and write what Kontrol keeps there";
  if (/space exceeded/.test(text))
    return 'Compact and defragment it, disarm its alarm, and have it compact itself (--auto-compaction-retention)';
  if (/self.signed|unable to (?:get|verify)|certificate|altnames/i.test(text))
    return 'Name the authority that signed its certificate (ca, --etcd-ca), and its own where it asks for one';
  if (/before secure TLS connection|wrong version number|EPROTO/.test(text))
    return 'Its port takes no TLS: write the URLs of members that take none with http://';
  if (/Failed to connect/.test(text))
    return 'Check that it runs; where its port takes TLS only, write the URLs of members with https://';
  // A server without TLS may hang up before it has said anything that is not TLS.
  if (/ECONNRESET/.test(text) && urls.some((url) => url.startsWith('https:')))
    return 'Check that it runs; where its port takes no TLS: write the URLs of such members with http://';
  return passing ? 'Check that it runs, and the URLs of its members' : 'See what its log says';
}

function reasonOf(error: unknown): Reason {
  const message = messageOf(error);
  const [, code, text] = /^(\d+) [A-Z_]+: (.*)$/s.exec(message) ?? [];
  return code === undefined || text === undefined
    ? { code: undefined, text: message }
    : { code: Number(code), text };
}
