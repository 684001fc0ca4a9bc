import { describe, expect, it } from 'vitest';
import {
  proxyStartOptions,
  type ProxyStartOptions,
} from '../../../../src/lib/cli/proxy/proxy-start-options.js';

type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

function options(flags: Flags = {}, env: Record<string, string> = {}): ProxyStartOptions {
  return proxyStartOptions(flags, env);
}

describe('the options of proxy start', () => {
  it('are those of a proxy on this machine, where nothing is said', () => {
    expect(options()).toMatchObject({
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
    [{ 'public-host': 'localhost:3999' }, '127.0.0.1'],
    [{ 'public-host': '127.0.0.1' }, '127.0.0.1'],
    [{ 'public-host': 'https://proxy.example.com' }, '127.0.0.1'],
    [{ 'public-host': 'proxy.example.com' }, '0.0.0.0'],
    [{ 'public-host': '203.0.113.7:3999' }, '0.0.0.0'],
    [{ 'public-host': 'proxy.example.com', ip: '::' }, '::'],
  ])('listen where the public host is reached: with %j at %s', (flags, ip) => {
    expect(options(flags).ip).toBe(ip);
  });

  it('listen where KITE_IP says, unless --ip says something else', () => {
    expect(options({ 'public-host': 'proxy.example.com' }, { KITE_IP: '10.0.0.1' }).ip).toBe('10.0.0.1');
    expect(options({ ip: '10.0.0.2' }, { KITE_IP: '10.0.0.1' }).ip).toBe('10.0.0.2');
  });

  it('list what is allowed, given several times or with commas', () => {
    const { allowTargets } = options({ 'allow-target': ['10.0.0.0/8, kite.example.com', '::1'] });
    expect(allowTargets).toEqual(['10.0.0.0/8', 'kite.example.com', '::1']);
    expect(options({ tunnel: true, 'allow-origin': ['http://a,http://b'] }).allowOrigins).toEqual([
      'http://a',
      'http://b',
    ]);
  });

  it.each<[Flags, string]>([
    [{ port: '65536' }, '--port'],
    [{ 'public-port': '80' }, '--public-host'],
    [{ 'public-host': 'h', 'public-port': '0' }, '--public-port'],
    [{ 'tls-cert': 'c.pem' }, '--tls-key'],
    [{ 'tls-key': 'k.pem' }, '--tls-cert'],
    [{ environment: 'a/b' }, '--environment'],
    [{ region: 'a/b' }, '--region'],
    [{ version: '1' }, '--version'],
    [{ kontrol: 'kontrol' }, '--kontrol'],
    [{ tunnel: true, 'allow-target': ['::1'] }, '--allow-target'],
    [{ tunnel: true, 'local-kites': false }, '--local-kites'],
    [{ tunnel: true, 'insecure-kites': true }, '--insecure-kites'],
    [{ 'allow-origin': ['*'] }, '--tunnel'],
    [{ 'private-key': 'k.pem' }, '--tunnel'],
  ])('are refused where %j does not say what it must, naming %s', (flags, name) => {
    let error: unknown;
    try {
      options(flags);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ exitCode: 2 });
    const { message, hint } = error as { message: string; hint: string };
    expect(message + hint).toContain(name);
  });

  it.each<[Flags, string]>([
    [{ 'public-host': 'proxy.example.com' }, 'without TLS'],
    [{ 'public-host': 'proxy.example.com', ip: '127.0.0.1' }, 'not reached from elsewhere'],
    [{ 'insecure-kites': true }, 'not looked at'],
    [{ tunnel: true, 'private-key': 'k.pem', 'public-key': 'p.pem' }, 'No key pair is needed'],
  ])('warn with %j that it is "%s"', (flags, warning) => {
    expect(options(flags).warnings).toEqual([expect.stringContaining(warning)]);
  });
});
