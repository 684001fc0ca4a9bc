import type { IOptions } from 'etcd3';
import { ConfigurationError } from '../../../protocol/errors.js';
import { systemClock } from '../../../util/clock.js';
import { type LookupAddresses, resolvesToLoopback } from '../../../util/loopback.js';

/** The configuration of a store in an etcd cluster. Requires etcd 3.4 or newer. */
export interface EtcdConfig {
  readonly type: 'etcd';
  /** URLs of the members, `http://` or `https://`. The first member that responds is used. */
  readonly machines: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** Certificate authority of the members' certificates, as PEM. Default: the authorities that Node trusts. */
  readonly ca?: string;
  /** Client certificate and its private key, as PEM, if the members require one. */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
  /** The previous secret, to decrypt private keys that were encrypted before `secret` was changed. */
  readonly formerSecret?: string;
  /** Timeout of a call in milliseconds. Default: 5,000. */
  readonly timeout?: number;
  /**
   * Milliseconds after which etcd removes all registrations if no Kontrol is running. etcd enforces a minimum of a few seconds.
   * While a Kontrol is running, entries end with their own leases. Default: 3,600,000 (an hour).
   */
  readonly abandonedAfter?: number;
  /** Prefix of all keys, to separate several clusters of Kontrols in one etcd. Default: `/kitectl/v1/`. */
  readonly prefix?: string;
}

export const ETCD_TIMEOUT = 5000;
export const DEFAULT_PREFIX = '/kitectl/v1/';
export const DEFAULT_ABANDONED_AFTER = 3_600_000;

const DEFAULT_PORT = 2379;
// Larger than a page of 1,000 entries of maximum size.
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Returns the members' URLs as scheme, host and port. Throws a ConfigurationError if a URL is invalid. */
export function memberUrls({ machines }: EtcdConfig): string[] {
  if (machines.length === 0) throw badValueError('An etcd cluster needs the URL of at least one member');
  return machines.map((machine) => {
    const [, scheme, authority = ''] = /^(https?):\/\/([^/?#]+)\/?$/i.exec(machine) ?? [];
    // Checked first, because an error that quotes the URL would reveal a password.
    if (machine.includes('@'))
      throw badValueError('The URL of an etcd member contains credentials: set user and password separately');
    if (scheme === undefined || !URL.canParse(machine))
      throw badValueError(
        `${JSON.stringify(machine)} is not the URL of an etcd member, such as http://127.0.0.1:2379`,
      );
    const port = /:\d+$/.test(authority) ? '' : `:${DEFAULT_PORT}`;
    return `${scheme.toLowerCase()}://${authority.toLowerCase()}${port}`;
  });
}

/** Throws a ConfigurationError if options contradict each other. */
export function checkConfig(config: EtcdConfig): void {
  const { ca, certificate, privateKey, user, password } = config;
  if ((certificate === undefined) !== (privateKey === undefined))
    throw badValueError("An etcd client's certificate and its private key must be set together");
  if (password !== undefined && password !== '' && user === undefined)
    throw badValueError('A password for etcd is set without a user');
  const encrypted = memberUrls(config).some((url) => url.startsWith('https:'));
  if ((ca !== undefined || certificate !== undefined) && !encrypted)
    throw badValueError(
      'Certificates for etcd are set, but no member has an https:// URL: nothing would be encrypted',
    );
}

/** Returns the members with unencrypted traffic to other machines: those without TLS that are not on this machine. */
export async function exposedMembers(config: EtcdConfig, lookup: LookupAddresses): Promise<string[]> {
  const plain = memberUrls(config).filter((url) => url.startsWith('http:'));
  const local = await Promise.all(plain.map((url) => resolvesToLoopback(new URL(url).hostname, lookup)));
  return plain.filter((_, index) => !local[index]);
}

/** Returns a deadline in `ms` milliseconds for gRPC, which takes the time of the system and converts it to a duration at once. */
export function grpcDeadline(ms: number): number {
  return systemClock.now() + ms;
}

/** Returns the options of etcd3 for one member. etcd3 does not retry, because `EtcdCluster` does. */
export function clientOptions(config: EtcdConfig, url: string): IOptions {
  const { user, password = '', ca, certificate, privateKey, timeout = ETCD_TIMEOUT } = config;
  return {
    hosts: url,
    ...(url.startsWith('https:') && { credentials: credentialsOf({ ca, certificate, privateKey }) }),
    ...(user !== undefined && { auth: { username: user, password } }),
    // Without this, a login does not have a deadline.
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: grpcDeadline(timeout) }),
    faultHandling: { host: () => noRetry, global: noRetry },
    grpcOptions: {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      // Without these, a member is not retried for up to two minutes after an outage.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    },
  };
}

type TlsCredentials = NonNullable<IOptions['credentials']>;
type RetryPolicy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

function credentialsOf(pem: {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
}): TlsCredentials {
  const buffer = (value: string | undefined): Buffer | undefined =>
    value === undefined ? undefined : Buffer.from(value);
  // The types of etcd3 require an authority. gRPC defaults to the ones that Node trusts.
  return {
    rootCertificate: buffer(pem.ca),
    certChain: buffer(pem.certificate),
    privateKey: buffer(pem.privateKey),
  } as TlsCredentials;
}

const noopListener = (): { dispose(): void } => ({ dispose: () => {} });

const noRetry: RetryPolicy = {
  _altReturn: undefined as never,
  onSuccess: noopListener,
  onFailure: noopListener,
  execute: async (work, signal = new AbortController().signal) => work({ signal }),
};

function badValueError(message: string): ConfigurationError {
  return new ConfigurationError('badValue', message);
}
