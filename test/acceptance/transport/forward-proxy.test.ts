import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isDialError, Kite, type KiteOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { makeAuthority } from '../../helpers/transport/authority.js';
import { ALL_TRANSPORTS } from '../../helpers/transport/transports.js';
import { startScriptedProxy, type ScriptedProxyOptions } from '../../helpers/transport/scripted-proxy.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';

// The host kite.test exists only for the proxies, which find it on this machine.
const HOST = 'kite.test';
const SECRET = 'p@ss:w/rd';
const CREDENTIALS = `bob:${encodeURIComponent(SECRET)}`;
const AUTHORIZATION = `Basic ${Buffer.from(`bob:${SECRET}`).toString('base64')}`;

const authority = await makeAuthority('the authority of the kite', 0);
const ofProxy = await makeAuthority('the authority of the proxy', 2);

/** Starts a kite, and returns its URL for the proxies. */
async function startKite(secure: boolean): Promise<string> {
  const kite = new Kite('math', '1.0.0', { env: {}, logger: silentLogger, allowedHosts: [HOST] });
  kite.handle<[number]>('square', ({ args: [n] }) => n * n).disableAuthentication();
  const tls = await authority.server(HOST);
  if (secure) kite.useTls(tls);
  await kite.listen();
  onTestFinished(() => kite.close({ drainTimeout: 100 }));
  return `http${secure ? 's' : ''}://${HOST}:${kite.port}/kite`;
}

interface Outcome {
  readonly result?: number;
  readonly remoteAddress?: string;
  readonly error?: unknown;
}

/** Calls the kite at a URL from a program with these variables. */
async function call(
  url: string,
  env: Readonly<Record<string, string>>,
  options: KiteOptions = {},
): Promise<Outcome> {
  const kite = new Kite('caller', '1.0.0', { env, logger: silentLogger, ...options });
  const client = kite.newClient<{ square(n: number): number }>(url, { ca: authority.ca });
  try {
    await client.dial();
    return { result: await client.tell('square', 4), remoteAddress: client.remoteAddress };
  } catch (error) {
    return { error };
  } finally {
    await kite.close({ drainTimeout: 0 });
  }
}

/** Returns the DialError of a failed call. */
function dialErrorOf({ error }: Outcome): { code: string; message: string; hint: string } {
  const { cause } = error as Error;
  if (!isDialError(cause)) throw error;
  return cause;
}

describe('a proxy that speaks HTTP', () => {
  it('a kite is called through a proxy with each transport, with and without TLS and credentials', async () => {
    let cases = 0;
    for (const secure of [false, true]) {
      const url = await startKite(secure);
      const variable = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
      for (const authorization of [undefined, AUTHORIZATION]) {
        const proxy = await startScriptedProxy(authorization === undefined ? {} : { authorization });
        const proxyUrl = `http://${authorization === undefined ? '' : `${CREDENTIALS}@`}127.0.0.1:${proxy.port}`;
        for (const transport of ALL_TRANSPORTS) {
          const before = proxy.requests.length;
          const outcome = await call(url, { [variable]: proxyUrl }, { transport });
          // The address of the proxy would look like a kite on this machine, to which commands send credentials.
          expect(outcome).toEqual({ result: 16, remoteAddress: new URL(url).host });
          const forwarded = transport === 'XHRPolling' && !secure;
          const first = forwarded ? `POST ${new URL('/kite/', url).href}` : `CONNECT ${new URL(url).host}`;
          expect(proxy.requests[before]).toContain(first);
          cases++;
        }
        await proxy.idle();
      }
    }
    console.log(`calls through a proxy: ${cases} cases`);
    expect(cases).toBe(16);
  });

  it('a proxy is reached over TLS if its URL is an https URL, with the authorities of the system only', async () => {
    const url = await startKite(true);
    const trusted = await startScriptedProxy({ tls: await ofProxy.server() });
    const env = { HTTPS_PROXY: `https://127.0.0.1:${trusted.port}` };
    // The option ca is for the kite.
    const untrusted = dialErrorOf(await call(url, env));
    expect(untrusted.message).toContain('the proxy https://127.0.0.1:');
    expect(untrusted.message).toContain('the certificate of the server is not trusted');
    expect(untrusted.hint).toContain('NODE_EXTRA_CA_CERTS');
    const plain = await startScriptedProxy();
    const mistaken = dialErrorOf(await call(url, { HTTPS_PROXY: `https://127.0.0.1:${plain.port}` }));
    expect(mistaken.hint).toBe('Write http:// in HTTPS_PROXY if the proxy does not use TLS.');
    await trusted.idle();
    await plain.idle();
  });

  it('a kite registers with Kontrol through a proxy, over a connection and over HTTP', async () => {
    const { kontrol, url } = await startKontrol({ allowedHosts: [HOST] });
    const proxy = await startScriptedProxy({ authorization: AUTHORIZATION });
    const port = new URL(url).port;
    const closed = await freePort();
    for (const proxyPort of [proxy.port, closed]) {
      const kite = new Kite('far', '1.0.0', {
        env: { HTTP_PROXY: `http://${CREDENTIALS}@127.0.0.1:${proxyPort}` },
        logger: silentLogger,
        kiteKey: await kontrol.newKiteKey('bob'),
        kontrolUrl: `http://${HOST}:${port}/kite`,
      });
      onTestFinished(() => kite.close({ drainTimeout: 0 }));
      await kite.listen();
      if (proxyPort === proxy.port) {
        await kite.register();
        await kite.registerHttp();
        expect(await kite.getKites({ username: 'bob' })).toHaveLength(1);
        expect(proxy.requests).toContain(`POST http://${HOST}:${port}/register`);
        continue;
      }
      const failed = new Promise<Error>((resolve) => kite.once('registerFailed', resolve));
      kite.registerHttp().catch(() => {});
      expect(await failed).toMatchObject({
        code: 'proxy',
        message: expect.stringContaining(
          `the proxy http://127.0.0.1:${closed} (HTTP_PROXY) cannot be used`,
        ) as string,
      });
    }
  });

  it('a proxy that opens no tunnel forwards XHR polling to an http URL', async () => {
    const url = await startKite(false);
    const proxy = await startScriptedProxy();
    const refusing = await startScriptedProxy({ status: 403 });
    expect(await call(url, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })).toMatchObject({ result: 16 });
    const error = dialErrorOf(await call(url, { HTTP_PROXY: `http://127.0.0.1:${refusing.port}` }));
    expect(refusing.requests.map((line) => line.split(' ')[0])).toEqual(['CONNECT', 'POST']);
    expect(error.message).toContain('through the proxy http://127.0.0.1:');
  });
});

describe('a proxy that fails', () => {
  const REFUSALS: readonly (readonly [string, ScriptedProxyOptions, boolean, RegExp, RegExp])[] = [
    [
      '407',
      { authorization: 'none' },
      false,
      /requires credentials \(HTTP 407\)/,
      /http:\/\/USER:PASSWORD@127/,
    ],
    [
      '407 and credentials',
      { authorization: 'none' },
      true,
      /rejects its credentials \(HTTP 407\)/,
      /%40 for @/,
    ],
    [
      '407 for Negotiate only',
      { status: 407, headers: { 'Proxy-Authenticate': 'Negotiate, NTLM' } },
      true,
      /authentication that is not supported .*only Basic is/,
      /local proxy/,
    ],
    ['403', { status: 403 }, false, /does not allow the connection \(HTTP 403\)/, /Ask its administrator/],
    ['405', { status: 405 }, false, /does not allow the connection \(HTTP 405\)/, /NO_PROXY/],
    ['502', { status: 502 }, false, /cannot connect to it \(HTTP 502\)/, /NO_PROXY/],
    ['503', { status: 503 }, false, /cannot connect to it \(HTTP 503\)/, /NO_PROXY/],
  ];

  it.each(REFUSALS)('the error after %s names the proxy, its variable and what to do', async (...refusal) => {
    const [, options, withCredentials, reason, hint] = refusal;
    const proxy = await startScriptedProxy(options);
    const proxyUrl = `http://${withCredentials ? `${CREDENTIALS}@` : ''}127.0.0.1:${proxy.port}`;
    let cases = 0;
    for (const transport of ALL_TRANSPORTS) {
      const outcome = await call(`https://${HOST}/kite`, { https_proxy: proxyUrl }, { transport });
      const error = dialErrorOf(outcome);
      expect(error).toMatchObject({ code: 'proxy' });
      expect(error.message).toMatch(reason);
      expect(error.message).toContain(`the proxy http://127.0.0.1:${proxy.port} (https_proxy)`);
      expect(error.hint).toMatch(hint);
      for (const secret of [SECRET, encodeURIComponent(SECRET), AUTHORIZATION])
        expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain(secret);
      cases++;
    }
    console.log(`a proxy that fails: ${cases} cases`);
    await proxy.idle();
  });

  it('a proxy without a listener is an error that names it, with each transport and scheme', async () => {
    const port = await freePort();
    for (const transport of ALL_TRANSPORTS) {
      for (const scheme of ['http', 'https']) {
        for (const proxyScheme of ['http', 'socks5h']) {
          const env = { ALL_PROXY: `${proxyScheme}://bob:secret@127.0.0.1:${port}` };
          const outcome = await call(`${scheme}://${HOST}/kite`, env, { transport });
          const error = dialErrorOf(outcome);
          expect(error).toMatchObject({ code: 'proxy' });
          expect(error.message).toContain(
            `the proxy ${proxyScheme}://127.0.0.1:${port} (ALL_PROXY) cannot be used: connection refused`,
          );
          expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('secret');
        }
      }
    }
  });

  it('a proxy that never responds is left at the timeout, and its connection is closed', async () => {
    const proxy = await startScriptedProxy({ silent: true });
    const env = { ALL_PROXY: `http://127.0.0.1:${proxy.port}` };
    for (const transport of ALL_TRANSPORTS) {
      for (const scheme of ['http', 'https']) {
        const outcome = await call(`${scheme}://${HOST}/kite`, env, { transport, handshakeTimeout: 200 });
        const { code, message } = dialErrorOf(outcome);
        expect({ transport, scheme, code }).toEqual({ transport, scheme, code: 'timeout' });
        expect(message).toContain('no response within 200 ms, through the proxy http://127.0.0.1:');
      }
    }
    await proxy.idle();
  });

  it('a server that fails behind a proxy is an error that names the proxy', async () => {
    const proxy = await startScriptedProxy();
    const env = { ALL_PROXY: `http://127.0.0.1:${proxy.port}` };
    const url = await startKite(true);
    const untrusted = new Kite('caller', '1.0.0', { env, logger: silentLogger });
    onTestFinished(() => untrusted.close());
    await expect(untrusted.newClient(url).dial()).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringMatching(/certificate .* not trusted: .*, through the proxy http:/) as string,
    });
    const wrongPath = dialErrorOf(await call(url.replace(/kite$/, 'other'), env));
    expect(wrongPath.message).toMatch(/no kite at this path \(HTTP 404\), through the proxy http:/);
  });
});
