import type { IOptions } from 'etcd3';
import { ConfigurationError } from '../../../protocol/errors.js';
import { type LookupAddresses, resolvesToLoopback } from '../../../util/loopback.js';

/** An etcd cluster, of etcd 3.4 or newer. */
export interface EtcdConfig {
  readonly kind: 'etcd';
  /** URLs of the members, `http://` or `https://`: what goes to the latter is encrypted. The first that answers is used. */
  readonly machines: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** PEM of the authority that signed the members' certificates. Default: the ones that Node trusts. */
  readonly ca?: string;
  /** PEM of this client's certificate and its key, where members ask for one. */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Encrypts private keys in the store. */
  readonly secret?: string;
  /** Opens what was encrypted before there was this secret. */
  readonly formerSecret?: string;
  /** Milliseconds within which a call is answered or rejects, whatever the members do. Default 5,000. */
  readonly timeout?: number;
  /**
   * Milliseconds after which etcd itself removes registrations where no Kontrol lives to do so. Default an hour; less than a
   * second or two is more to etcd. While one Kontrol lives, entries end with their own leases.
   */
  readonly abandonedAfter?: number;
  /** Where keys begin, for several clusters of Kontrols on one etcd. Default `/kitectl/v1/`. */
  readonly prefix?: string;
}

export const DEFAULT_TIMEOUT = 5000;
export const DEFAULT_PREFIX = '/kitectl/v1/';
export const DEFAULT_ABANDONED_AFTER = 3_600_000;

const DEFAULT_PORT = 2379;
// A thousand of the longest entries there can be take less.
const MAX_MESSAGE = 32 * 1024 * 1024;

/** The members' URLs as scheme, host and port. Throws a ConfigurationError where one is none. */
export function memberUrls({ machines }: EtcdConfig): string[] {
  if (machines.length === 0) throw badValue('An etcd cluster needs the URL of at least one member');
  return machines.map((machine) => {
    const [, scheme, authority = ''] = /^(https?):\/\/([^/?#]+)\/?$/i.exec(machine) ?? [];
    // What stands before an @ may be a password.
    if (machine.includes('@'))
      throw badValue('The URL of an etcd member names a user: give user and password separately');
    if (scheme === undefined || !URL.canParse(machine))
      throw badValue(
        `${JSON.stringify(machine)} is not the URL of an etcd member, such as http://127.0.0.1:2379`,
      );
    const port = /:\d+$/.test(authority) ? '' : `:${DEFAULT_PORT}`;
    return `${scheme.toLowerCase()}://${authority.toLowerCase()}${port}`;
  });
}

/** Throws a ConfigurationError where settings do not go together. */
export function checkConfig(config: EtcdConfig): void {
  const { ca, certificate, privateKey, user, password } = config;
  if ((certificate === undefined) !== (privateKey === undefined))
    throw badValue("An etcd client's certificate and its private key are given together");
  if (password !== undefined && password !== '' && user === undefined)
    throw badValue('A password for etcd is given without a user');
  const encrypted = memberUrls(config).some((url) => url.startsWith('https:'));
  if ((ca !== undefined || certificate !== undefined) && !encrypted)
    throw badValue(
      'Certificates are given, and no etcd member has an https:// URL: nothing would be encrypted',
    );
}

/** The members whose traffic others can read on its way: without TLS, and not on this machine by every address of theirs. */
export async function exposedMembers(config: EtcdConfig, lookup: LookupAddresses): Promise<string[]> {
  const plain = memberUrls(config).filter((url) => url.startsWith('http:'));
  const local = await Promise.all(plain.map((url) => resolvesToLoopback(new URL(url).hostname, lookup)));
  return plain.filter((_, index) => !local[index]);
}

/** How etcd3 connects to one member. It tries everything once: trying again is the cluster's to decide. */
export function clientOptions(config: EtcdConfig, url: string): IOptions {
  const { user, password = '', ca, certificate, privateKey, timeout = DEFAULT_TIMEOUT } = config;
  return {
    hosts: url,
    ...(url.startsWith('https:') && { credentials: credentialsOf({ ca, certificate, privateKey }) }),
    ...(user !== undefined && { auth: { username: user, password } }),
    // A login has no deadline of its own otherwise.
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + timeout }),
    faultHandling: { host: () => justOnce, global: justOnce },
    grpcOptions: {
      'grpc.max_receive_message_length': MAX_MESSAGE,
      // Otherwise a member that was away for a while is not tried again for up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    },
  };
}

type Credentials = NonNullable<IOptions['credentials']>;
type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

function credentialsOf(pem: {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
}): Credentials {
  const buffer = (text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : Buffer.from(text);
  // The types of etcd3 demand an authority; gRPC takes the ones that Node trusts where there is none.
  return {
    rootCertificate: buffer(pem.ca),
    certChain: buffer(pem.certificate),
    privateKey: buffer(pem.privateKey),
  } as Credentials;
}

const never = (): { dispose(): void } => ({ dispose: () => {} });

const justOnce: Policy = {
  _altReturn: undefined as never,
  onSuccess: never,
  onFailure: never,
  execute: async (work, signal = new AbortController().signal) => work({ signal }),
};

function badValue(message: string): ConfigurationError {
  return new ConfigurationError('badValue', message);
}
