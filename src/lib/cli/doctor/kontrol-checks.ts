import { clientEnvironment } from '../settings/client-environment.js';
import { type Auth, Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { silentLogger } from '../../util/logger.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/make-visible.js';
import { KONTROL_HINT } from '../frame/failures.js';
import { ExitCode } from '../runtime/exit-codes.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { admitKontrol } from '../target/key-recipient.js';
import { type Finding, failed, fromError, ok, skipped, warning } from './check.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import type { FindProxy } from '../../transport/handshake/forward-proxy.js';
import { type ProbeResult, probeHttp } from './http-probe.js';
import { toHttp } from '../../util/web-url.js';

const DAY = 24 * 3_600_000;

/** Clock skew in milliseconds that is reported as a warning, and that makes Kontrol reject tokens. */
const SKEW_WARNING = 30_000;
const SKEW_FAILURE = 5 * 60_000;

/** The SockJS info URL, which every implementation of Kontrol serves. */
function infoUrl(url: string): URL {
  const info = new URL(toHttp(url));
  info.pathname = `${info.pathname.replace(/\/$/, '')}/info`;
  return info;
}

/** Checks that Kontrol's server responds, that its certificate is trusted, and that its clock agrees with this machine's. */
export async function checkServer(
  url: string,
  {
    findProxy,
    signal,
    now,
  }: { readonly findProxy: FindProxy; readonly signal: AbortSignal; readonly now: () => number },
): Promise<Finding[]> {
  let response: ProbeResult;
  try {
    response = await probeHttp(infoUrl(url), findProxy, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isDialError(error)) return [fromError('server', error)];
    const reason = makeVisible(messageOf(error));
    return [failed('server', `${url} does not respond: ${reason}`, KONTROL_HINT, ExitCode.unreachable)];
  }
  return [checkTls(response, now()), checkClock(response, now())];
}

function checkTls({ address, certificate }: ProbeResult, now: number): Finding {
  if (!certificate) {
    if (isLoopbackAddress(address)) return ok('TLS', 'not used; the connection is local');
    return warning(
      'TLS',
      'not used: kite keys can be read on the network',
      'Start Kontrol with --tlscertfile FILE and --tlskeyfile FILE.',
    );
  }
  const { problem, subject, validTo, protocol } = certificate;
  const description = `${protocol}, certificate for ${makeVisible(subject)}`;
  if (problem !== '') {
    const hint = 'Trust its CA with NODE_EXTRA_CA_CERTS=FILE, or install a trusted certificate.';
    return failed(
      'TLS',
      `${description} is not trusted: ${makeVisible(problem)}`,
      hint,
      ExitCode.unreachable,
    );
  }
  const days = Math.floor((validTo - now) / DAY);
  if (days < 14) return warning('TLS', `${description} expires in ${days} days`, 'Renew the certificate.');
  return ok('TLS', `${description}, valid for ${days} days`);
}

function checkClock({ date }: ProbeResult, now: number): Finding {
  if (date === undefined) return skipped('clock', 'the server does not report its time');
  const skew = now - date;
  const seconds = Math.round(Math.abs(skew) / 1000);
  const detail = `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} Kontrol's`;
  const hint = 'Synchronize the clocks of both machines, for example with NTP.';
  if (Math.abs(skew) > SKEW_FAILURE) {
    return failed('clock', `${detail}: tokens are rejected`, hint, ExitCode.configuration);
  }
  if (Math.abs(skew) > SKEW_WARNING) return warning('clock', detail, hint);
  return ok('clock', seconds <= 1 ? 'in sync with Kontrol' : detail);
}

/** Checks that Kontrol reports itself ready to accept registrations. */
export async function checkStorage(url: string, findProxy: FindProxy, signal: AbortSignal): Promise<Finding> {
  const readyUrl = new URL('/readyz', toHttp(url));
  try {
    const { status } = await probeHttp(readyUrl, findProxy, signal);
    if (status === 200) return ok('storage', 'Kontrol is connected to its storage');
    if (status !== 503) return skipped('storage', 'not reported by this Kontrol');
    return failed(
      'storage',
      'Kontrol cannot reach its storage',
      'Check the log of Kontrol, and run: kitectl kontrol status',
      ExitCode.unreachable,
    );
  } catch {
    signal.throwIfAborted();
    return skipped('storage', 'the server does not respond');
  }
}

export interface TokenCheckOptions {
  readonly settings: CommandSettings;
  readonly key: KiteKey;
  readonly url: string;
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
    return fromError('token', error);
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
