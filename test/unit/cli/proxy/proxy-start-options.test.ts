import { describe, expect, it } from 'vitest';
import { proxyStartFlags } from '../../../../src/lib/cli/proxy/proxy-start-flags.js';
import {
  proxyStartOptions,
  type ProxyStartOptions,
} from '../../../../src/lib/cli/proxy/proxy-start-options.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

async function options(line = '', env: Record<string, string> = {}): Promise<ProxyStartOptions> {
  return proxyStartOptions(await parseFlags(proxyStartFlags, line), env);
}

describe('the options of proxy start', () => {
  it('the options of proxy start default to a proxy on loopback', async () => {
    expect(await options()).toMatchObject({
      tunnel: false,
      ip: '127.0.0.1',
      port: 3999,
      publicHost: undefined,
      allowTargets: [],
      localKites: undefined,
      verifyKites: true,
      warnings: [],
    });
  });

  it.each([
    ['--public-host localhost:3999', '127.0.0.1'],
    ['--public-host 127.0.0.1', '127.0.0.1'],
    ['--public-host https://proxy.example.com', '127.0.0.1'],
    ['--public-host proxy.example.com', '0.0.0.0'],
    ['--public-host 203.0.113.7:3999', '0.0.0.0'],
    ['--public-host proxy.example.com --ip ::', '::'],
  ])('the options of proxy start derive the listening address: %s at %s', async (line, ip) => {
    expect((await options(line)).ip).toBe(ip);
  });

  it('the options of proxy start take the address from KITE_IP unless --ip overrides it', async () => {
    const env = { KITE_IP: '10.0.0.1' };
    expect((await options('--public-host proxy.example.com', env)).ip).toBe('10.0.0.1');
    expect((await options('--ip 10.0.0.2', env)).ip).toBe('10.0.0.2');
  });

  it('the options of proxy start accept lists with repeated flags or commas', async () => {
    const { allowTargets } = await options('--allow-target 10.0.0.0/8,kite.example.com --allow-target ::1');
    expect(allowTargets).toEqual(['10.0.0.0/8', 'kite.example.com', '::1']);
    expect((await options('--tunnel --allow-origin http://a,http://b')).allowOrigins).toEqual([
      'http://a',
      'http://b',
    ]);
  });

  it.each([
    ['--port 65536', '--port is "65536"'],
    ['--public-port 80', '--public-port needs --public-host.'],
    ['--public-host h --public-port 0', '--public-port is "0"'],
    ['--tls-cert c.pem', '--tls-cert needs --tls-key.'],
    ['--tls-key k.pem', '--tls-key needs --tls-cert.'],
    ['--environment a/b', '--environment is "a/b"'],
    ['--region a/b', '--region is "a/b"'],
    ['--version 1', '--version is "1"'],
    ['--kontrol kontrol', '--kontrol is "kontrol"'],
    ['--tunnel --allow-target ::1', '--allow-target and --tunnel cannot be used together.'],
    ['--tunnel --no-local-kites', '--local-kites and --tunnel cannot be used together.'],
    ['--tunnel --kite-ca ca.pem', '--kite-ca and --tunnel cannot be used together.'],
    ['--tunnel --kite-domain kites.test', '--kite-domain and --tunnel cannot be used together.'],
    ['--tunnel --insecure-kites', '--insecure-kites and --tunnel cannot be used together.'],
    ['--allow-origin *', '--allow-origin needs --tunnel.'],
    ['--public-key k.pem', '--public-key needs --tunnel.'],
    ['--private-key k.pem', '--private-key needs --tunnel.'],
  ])('the options of proxy start reject %s: %s', async (line, message) => {
    const error: unknown = await options(line).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(message) as string });
  });

  it.each([
    ['--public-host proxy.example.com', 'without TLS'],
    ['--public-host proxy.example.com --ip 127.0.0.1', 'cannot be reached from other machines'],
    ['--insecure-kites', 'not verified'],
    ['--kite-domain kites.test', 'kites below kites.test cannot be reached from other machines'],
    ['--tunnel --private-key k.pem --public-key p.pem', 'The key pair is ignored'],
  ])('the options of proxy start with %s warn: %s', async (line, warning) => {
    expect((await options(line)).warnings).toEqual([expect.stringContaining(warning)]);
  });
});
