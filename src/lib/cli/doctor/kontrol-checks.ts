import { clientEnvironment } from '../settings/client-environment.js';
import { type Auth, Kite } from '../../index.js';
import { OTHER_HOST_HINT } from '../../errors/dial-hints.js';
import type { KiteKey } from '../../keys/index.js';
import type { Outgoing } from '../../transport/handshake/outgoing.js';
import { TOKEN_LEEWAY } from '../../keys/jwt-claims.js';
import { TOKEN_TTL } from '../../keys/kite-token.js';
import { certificateHint } from '../../transport/handshake/socket-error.js';
import { silentLogger } from '../../util/logger.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/make-visible.js';
import { KONTROL_HINT } from '../frame/failures.js';
import { ExitCode } from '../runtime/exit-codes.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { admitKontrol } from '../target/key-recipient.js';
import { readAccess } from '../target/read-access.js';
import { type Finding, failed, fromError, ok, skipped, warning } from './check.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import { type ProbeOptions, type ProbeResult, probeHttp } from './http-probe.js';
import { toHttp } from '../../util/web-url.js';

const DAY = 24 * 3_600_000;

/** Difference between clocks in milliseconds that is reported as a warning. */
const SKEW_WARNING = 30_000;

/** The SockJS info URL, which every implementation of Kontrol serves. */
function infoUrl(url: string): URL {
  const info = new URL(toHttp(url));
  info.pathname = `${info.pathname.replace(/\/$/, '')}/info`;
  return info;
}

/** Requests the SockJS info of the server of Kontrol. Returns a finding if it does not respond. */
export async function requestInfo(url: string, options: ProbeOptions): Promise<ProbeResult | Finding> {
  try {
    return await probeHttp(infoUrl(url), options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isDialError(error)) return fromError('server', error);
    const reason = makeVisible(messageOf(error));
    return failed('server', `${url} does not respond: ${reason}`, KONTROL_HINT, ExitCode.unreachable);
  }
}

export interface TlsCheckOptions {
  readonly url: string;
  /** The current time, in milliseconds since the Unix epoch. */
  readonly now: number;
  readonly access: Outgoing;
}

/** Checks that the connection is protected, if it leaves this machine, and that the certificate of the server is valid for it. */
export function checkTls(
  { address, certificate }: ProbeResult,
  { url, now, access }: TlsCheckOptions,
): Finding {
  if (!certificate) {
    if (isLoopbackAddress(address)) return ok('TLS', 'not used; the connection is local');
    return warning(
      'TLS',
      'not used: kite keys can be read on the network',
      'Start it with: kitectl kontrol start --tlscertfile FILE --tlskeyfile FILE',
    );
  }
  const { problem, isForHost, hosts, subject, validTo, protocol } = certificate;
  const description = `${protocol}, certificate for ${makeVisible(subject)}`;
  const { host } = new URL(url);
  // With --insecure, commands connect nevertheless.
  const rejected = (detail: string, hint: string): Finding =>
    access.tls?.rejectUnauthorized === false
      ? warning('TLS', detail, hint)
      : failed('TLS', detail, hint, ExitCode.unreachable);
  if (!isForHost) {
    const trust = problem === '' ? '' : ` and is not trusted (${makeVisible(problem)})`;
    const detail = `${protocol}, the certificate is for ${makeVisible(hosts)}, not for ${host}${trust}`;
    return rejected(detail, OTHER_HOST_HINT);
  }
  if (problem !== '') {
    const detail = `${description} is not trusted: ${makeVisible(problem)}`;
    return rejected(detail, certificateHint(problem, TRUST_HINT));
  }
  const days = Math.floor((validTo - now) / DAY);
  if (days < 14) return warning('TLS', `${description} expires in ${days} days`, 'Renew the certificate.');
  return ok('TLS', `${description}, valid for ${days} days`);
}

const TRUST_HINT =
  'Trust its CA with --ca FILE or NODE_EXTRA_CA_CERTS=FILE, or install a trusted certificate.';

/**
 * Compares the clock of this machine with that of Kontrol. `token` is the finding of a call with a token, if there was one: it
 * shows whether this machine accepts the times in tokens.
 */
export function checkClock({ date }: ProbeResult, now: number, token: Finding | undefined): Finding {
  const skew = skewOf({ date }, now);
  if (skew === undefined) return skipped('clock', 'the server does not report its time');
  const seconds = Math.round(Math.abs(skew) / 1000);
  const detail = `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} Kontrol's`;
  if (Math.abs(skew) <= SKEW_WARNING) return ok('clock', seconds <= 1 ? 'in sync with Kontrol' : detail);
  if (!areTokensRejected(skew, token)) return warning('clock', detail, CLOCK_HINT);
  const reason = skew < 0 ? 'tokens are not valid here yet' : 'tokens have expired here when they are issued';
  return failed('clock', `${detail}: ${reason}`, CLOCK_HINT, ExitCode.configuration);
}

/**
 * Returns the clock of this machine minus that of the server, in milliseconds. Undefined if the server does not report its time.
 */
export function skewOf({ date }: Pick<ProbeResult, 'date'>, now: number): number | undefined {
  return date === undefined ? undefined : now - date;
}

/** Whether kites of this machine reject new tokens. A call with a token has shown it, if there was one. */
function areTokensRejected(skew: number, token: Finding | undefined): boolean {
  if (token) return token.exitCode === ExitCode.authentication;
  return skew < -TOKEN_LEEWAY || skew > TOKEN_TTL + TOKEN_LEEWAY;
}

const CLOCK_HINT = 'Synchronize the clocks of both machines, for example with NTP.';

/** Checks that Kontrol reports itself ready to accept registrations. */
export async function checkStorage(url: string, options: ProbeOptions): Promise<Finding> {
  const readyUrl = new URL('/readyz', toHttp(url));
  try {
    const { status } = await probeHttp(readyUrl, options);
    if (status === 200) return ok('storage', 'Kontrol is connected to its storage');
    if (status !== 503) return skipped('storage', 'not reported by this server');
    return failed(
      'storage',
      'Kontrol cannot reach its storage',
      'Check the log of Kontrol, and run: kitectl kontrol status',
      ExitCode.unreachable,
    );
  } catch {
    options.signal.throwIfAborted();
    return skipped('storage', 'the server does not respond');
  }
}

export interface TokenCheckOptions {
  readonly settings: CommandSettings;
  readonly key: KiteKey;
  readonly url: string;
  /** See `skewOf`. */
  readonly skew: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Checks a full round trip: starts a kite on this machine, registers it, gets a token for it, calls it with the token, and
 * closes it.
 */
export async function checkToken({
  settings,
  key,
  url,
  skew = 0,
  env,
  version,
  timeout,
  signal,
}: TokenCheckOptions): Promise<Finding> {
  const options = {
    env: clientEnvironment(env),
    kiteKey: key.jwt,
    kontrolUrl: url,
    ip: '127.0.0.1',
    port: 0,
    timeout,
    handshakeTimeout: timeout,
    serverAccess: readAccess(settings),
    logger: silentLogger,
  };
  const kite = new Kite('kitectl-doctor', version, options, { admitPeer: admitKontrol(settings) });
  const close = (): void => void kite.close({ drainTimeout: 0 });
  signal.addEventListener('abort', close, { once: true });
  try {
    kite.handle('whoami', ({ username }) => username);
    await kite.listen();
    await kite.register();
    const token = await kite.getToken(kite.identity);
    const caller = await callWhoami(kite, { type: 'token', key: token });
    if (caller === key.username) return ok('token', 'registered a kite and called it with a token');
    return failed(
      'token',
      `a call with the token was authenticated as ${makeVisible(String(caller))}`,
      'Register again: kitectl register --force',
      ExitCode.authentication,
    );
  } catch (error) {
    signal.throwIfAborted();
    const finding = fromError('token', error);
    const isRejected = finding.exitCode === ExitCode.authentication;
    return isRejected && Math.abs(skew) > SKEW_WARNING ? { ...finding, hint: CLOCK_HINT } : finding;
  } finally {
    signal.removeEventListener('abort', close);
    await kite.close({ drainTimeout: 0 });
  }
}

async function callWhoami(kite: Kite, auth: Auth): Promise<unknown> {
  const client = kite.newClient(kite.url ?? '', { auth });
  try {
    await client.dial();
    return await client.tell('whoami');
  } finally {
    client.close();
  }
}
