import { isStorageError, StorageError } from '../shared/storage.js';
import { messageOf } from '../../../util/message-of.js';

/** The error of gRPC or etcd for a failed call. */
interface FailureReason {
  /** The gRPC status code. Undefined if the error is not from gRPC. */
  readonly code: number | undefined;
  readonly message: string;
}

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** Status codes after which a retry, at another member or later, may succeed. */
const TRANSIENT: readonly number[] = [1, 2, DEADLINE_EXCEEDED, 8, 10, 13, UNAVAILABLE];

/** Returns whether a retry may succeed. */
export function isTransient(error: unknown): boolean {
  const { code, message } = reasonOf(error);
  if (/already closed/.test(message)) return true;
  return code !== undefined && TRANSIENT.includes(code) && !/space exceeded/.test(message);
}

/** Returns whether the member did not accept the connection, so that the call was not sent. */
export function couldNotConnect(error: unknown): boolean {
  const { code, message } = reasonOf(error);
  return code === UNAVAILABLE && /No connection established|Name resolution failed/.test(message);
}

/** Returns whether the login is no longer valid, after a restart of etcd or a change of users or roles. */
export function isStaleLogin(error: unknown): boolean {
  return /invalid auth token|auth store is old/.test(reasonOf(error).message);
}

/** Returns whether the lease of a put key has expired. */
export function isLeaseGone(error: unknown): boolean {
  return /requested lease not found/.test(reasonOf(error).message);
}

/** Returns whether the requested revision has been compacted. */
export function isCompacted(error: unknown): boolean {
  return /has been compacted/.test(reasonOf(error).message);
}

/** Returns a StorageError with the reason of each member and a hint. */
export function toStorageError(
  urls: readonly string[],
  failures: ReadonlyMap<string, unknown>,
): StorageError {
  const errors = [...failures.values()];
  const cause = errors.findLast((error) => !couldNotConnect(error)) ?? errors.at(-1);
  if (isStorageError(cause)) return cause;
  const reasons = [...failures].map(([url, error]) => `${url}: ${describeReason(reasonOf(error))}`);
  const hint = hintFor(urls, errors.map((error) => reasonOf(error).message).join('\n'), isTransient(cause));
  const problem = isTransient(cause) ? 'cannot be reached' : 'refuses the request';
  return new StorageError('unavailable', `${clusterName(urls)} ${problem}: ${reasons.join('; ')}. ${hint}`, {
    cause,
  });
}

export function clusterName(urls: readonly string[]): string {
  return `etcd at ${urls.join(', ')}`;
}

function describeReason({ code, message }: FailureReason): string {
  if (code === DEADLINE_EXCEEDED || /context deadline exceeded/.test(message))
    return 'it did not respond in time';
  return message
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? ?Resolution note: .*$/s, '')
    .replace(/^etcdserver: /, '');
}

function hintFor(urls: readonly string[], message: string, transient: boolean): string {
  if (/authentication failed/.test(message))
    return 'Check the user and its password (KONTROL_ETCD_USERNAME, KONTROL_ETCD_PASSWORD)';
  if (/user name is empty|user name not found/.test(message))
    return 'It requires authentication: set KONTROL_ETCD_USERNAME and KONTROL_ETCD_PASSWORD';
  if (/authentication is not enabled/.test(message))
    return 'Its authentication is disabled: unset KONTROL_ETCD_USERNAME, or enable authentication';
  if (/permission denied/.test(message))
    return "Grant the user's role read and write access to the keys of Kontrol";
  if (/space exceeded/.test(message))
    return 'Compact and defragment it, disarm its alarm, and enable automatic compaction (--auto-compaction-retention)';
  if (/self.signed|unable to (?:get|verify)|certificate|altnames/i.test(message))
    return 'Set the authority that signed its certificate (ca, --etcd-ca), and a client certificate if it requires one';
  if (/before secure TLS connection|wrong version number|EPROTO/.test(message))
    return 'Its port does not accept TLS: use http:// in the URLs of such members';
  if (/Failed to connect/.test(message))
    return 'Check that it is running; if its port requires TLS, use https:// in the URLs of the members';
  // A server without TLS may close the connection without sending anything.
  if (/ECONNRESET/.test(message) && urls.some((url) => url.startsWith('https:')))
    return 'Check that it is running; if its port does not accept TLS, use http:// in the URLs of such members';
  return transient ? 'Check that it is running, and the URLs of its members' : 'See its log';
}

function reasonOf(error: unknown): FailureReason {
  const full = messageOf(error);
  const [, code, message] = /^(\d+) [A-Z_]+: (.*)$/s.exec(full) ?? [];
  return code === undefined || message === undefined
    ? { code: undefined, message: full }
    : { code: Number(code), message };
}
