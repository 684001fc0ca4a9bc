import { type Auth, Kite } from '../../index.js';
import type { KiteKey } from '../../keys/index.js';
import { silentLogger } from '../../util/logger.js';
import { isLoopbackAddress } from '../../util/loopback.js';
import { messageOf } from '../../util/message-of.js';
import { makeVisible } from '../../util/printable.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { type Finding, failed, fromError, ok, skipped, warning } from './check.js';
import { type Probe, probe } from './http-probe.js';

const DAY = 24 * 3_600_000;

/** Milliseconds by which clocks may differ without notice, and by which they may before tokens are refused. */
const NOTICED = 30_000;
const REFUSED = 5 * 60_000;

/** The page of a Kontrol that every implementation has. */
function infoOf(url: string): URL {
  const info = new URL(url.replace(/^ws/, 'http'));
  info.pathname = `${info.pathname.replace(/\/$/, '')}/info`;
  return info;
}

/** Whether Kontrol's server answers, trusted, and with a clock like this machine's. */
export async function checkServer(
  url: string,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => number },
): Promise<Finding[]> {
  let answer: Probe;
  try {
    answer = await probe(infoOf(url), signal);
  } catch (error) {
    signal.throwIfAborted();
    const reason = makeVisible(messageOf(error));
    const hint = 'Start Kontrol, or check the address: kitectl config explain';
    return [failed('server', `${url} does not answer: ${reason}`, hint, ExitCode.unreachable)];
  }
  return [checkTls(answer, now()), checkClock(answer, now())];
}

function checkTls({ address, certificate }: Probe, now: number): Finding {
  if (!certificate) {
    if (isLoopbackAddress(address)) return ok('TLS', 'none, on this machine');
    return warning(
      'TLS',
      'none: others can read kite keys on the way',
      'Give Kontrol a certificate: -tlscertfile',
    );
  }
  const { problem, subject, validTo, protocol } = certificate;
  const who = `${protocol}, certificate of ${makeVisible(subject)}`;
  if (problem !== '') {
    const hint = 'Let this machine trust it: NODE_EXTRA_CA_CERTS=FILE, or get one that is trusted.';
    return failed('TLS', `${who} is not trusted: ${makeVisible(problem)}`, hint, ExitCode.unreachable);
  }
  const days = Math.floor((validTo - now) / DAY);
  if (days < 14) return warning('TLS', `${who} ends in ${days} days`, 'Renew it.');
  return ok('TLS', `${who}, good for ${days} days`);
}

function checkClock({ date }: Probe, now: number): Finding {
  if (date === undefined) return skipped('clock', 'the server does not report its time');
  const skew = now - date;
  const seconds = Math.round(Math.abs(skew) / 1000);
  const detail = `${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} Kontrol's`;
  const hint = 'Set the clocks of both machines, with NTP for one.';
  if (Math.abs(skew) > REFUSED) {
    return failed('clock', `${detail}: tokens are refused`, hint, ExitCode.configuration);
  }
  if (Math.abs(skew) > NOTICED) return warning('clock', detail, hint);
  return ok('clock', seconds <= 1 ? 'in sync with Kontrol' : detail);
}

/** Whether Kontrol says that it can take registrations. */
export async function checkStorage(url: string, signal: AbortSignal): Promise<Finding> {
  const ready = new URL('/readyz', url.replace(/^ws/, 'http'));
  try {
    const { status } = await probe(ready, signal);
    if (status === 200) return ok('storage', 'Kontrol reaches its store');
    if (status !== 503) return skipped('storage', 'not reported by this Kontrol');
    return failed(
      'storage',
      'Kontrol does not reach its store',
      'Look at its log; see: kitectl kontrol status',
      ExitCode.unreachable,
    );
  } catch {
    signal.throwIfAborted();
    return skipped('storage', 'the server does not answer');
  }
}

export interface RoundTrip {
  readonly key: KiteKey;
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Goes the whole way once: a kite on this machine registers at Kontrol, is found there, gets a call with a token, and is gone
 * again.
 */
export async function checkToken({ key, url, env, version, timeout, signal }: RoundTrip): Promise<Finding> {
  const kite = new Kite('kitectl-doctor', version, {
    env,
    kiteKey: key.jwt,
    kontrolUrl: url,
    ip: '127.0.0.1',
    port: 0,
    timeout,
    handshakeTimeout: timeout,
    logger: silentLogger,
  });
  const stop = (): void => void kite.close({ drainTimeout: 0 });
  signal.addEventListener('abort', stop, { once: true });
  try {
    kite.handle('whoami', ({ username }) => username);
    await kite.listen();
    await kite.register();
    const token = await kite.getToken(kite.identity);
    const caller = await callWith(kite, { type: 'token', key: token });
    if (caller === key.username) return ok('token', 'a kite was registered, found, and called with a token');
    return failed(
      'token',
      `a call with a token came as ${makeVisible(String(caller))}`,
      'Register again: kitectl register --force',
      ExitCode.authentication,
    );
  } catch (error) {
    signal.throwIfAborted();
    return fromError('token', error);
  } finally {
    signal.removeEventListener('abort', stop);
    await kite.close({ drainTimeout: 0 });
  }
}

async function callWith(kite: Kite, auth: Auth): Promise<unknown> {
  const client = kite.newClient(kite.url ?? '', { auth });
  try {
    await client.dial();
    return await client.tell('whoami');
  } finally {
    client.close();
  }
}
