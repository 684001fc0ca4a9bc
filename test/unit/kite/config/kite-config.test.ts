import { describe, expect, it } from 'vitest';
import { type ConfigOptions, resolveConfig } from '../../../../src/lib/kite/config/kite-config.js';

const kiteKey = { username: 'alice', kontrolUrl: 'http://kontrol.example:4000/kite' };

const EVERYTHING = {
  KITE_USERNAME: 'bob',
  KITE_ENVIRONMENT: 'prod',
  KITE_REGION: 'eu',
  KITE_IP: '0.0.0.0',
  KITE_PORT: '3636',
  KITE_KONTROL_URL: 'http://one:4000/kite, https://two/kite',
  KITE_TRANSPORT: 'XHRPolling',
  KITE_TIMEOUT: '4s',
  KITE_HANDSHAKE_TIMEOUT: '500ms',
  KITE_VERIFY_TTL: '1m',
  KITE_LOG_LEVEL: 'DEBUG',
  KITE_LOG_NOCOLOR: '1',
  KITE_PROXY_URL: 'http://proxy:3999/kite',
  KITE_ALLOW_ORIGIN: 'https://app.example.com, *',
  KITE_ALLOWED_HOSTS: 'math.example.com,[fd00::1]',
  KITE_TRUSTED_PROXIES: '10.1.0.0/16, fd00::1',
  KITE_VERSION: '2.0.0',
};

describe('the configuration of a kite', () => {
  it('the configuration of a kite has a default for each setting', () => {
    expect(resolveConfig({}, { env: {} })).toEqual({
      username: 'unknown',
      environment: 'unknown',
      region: 'unknown',
      ip: '127.0.0.1',
      port: 0,
      kontrolUrls: [],
      proxyUrls: [],
      transport: 'auto',
      timeout: 15_000,
      handshakeTimeout: 10_000,
      verifyTtl: 300_000,
      logLevel: 'info',
      logColor: true,
      allowOrigin: [],
      allowedHosts: undefined,
      trustedProxies: [],
      version: undefined,
    });
  });

  it('the configuration of a kite takes the user and Kontrol from the kite key', () => {
    expect(resolveConfig({}, { env: {}, kiteKey })).toMatchObject({
      username: 'alice',
      kontrolUrls: ['http://kontrol.example:4000/kite'],
    });
  });

  it('the configuration of a kite prefers the environment to the kite key', () => {
    expect(resolveConfig({}, { env: EVERYTHING, kiteKey })).toEqual({
      username: 'bob',
      environment: 'prod',
      region: 'eu',
      ip: '0.0.0.0',
      port: 3636,
      kontrolUrls: ['http://one:4000/kite', 'https://two/kite'],
      proxyUrls: ['http://proxy:3999/kite'],
      transport: 'XHRPolling',
      timeout: 4000,
      handshakeTimeout: 500,
      verifyTtl: 60_000,
      logLevel: 'debug',
      logColor: false,
      allowOrigin: '*',
      allowedHosts: ['math.example.com', '[fd00::1]'],
      trustedProxies: ['10.1.0.0/16', 'fd00::1'],
      version: '2.0.0',
    });
  });

  it('the configuration of a kite prefers options of the program to the environment', () => {
    const options: Required<ConfigOptions> = {
      username: 'carol',
      environment: 'test',
      region: 'us',
      ip: '::1',
      port: 0,
      kontrolUrl: ['ws://three/kite'],
      proxyUrl: ['wss://other/kite'],
      transport: 'RawWebSocket',
      timeout: 0,
      handshakeTimeout: 1,
      verifyTtl: -1,
      logLevel: 'error',
      logColor: true,
      allowOrigin: ['https://app.example.com:8443', 'null', 'chrome-extension://abcdef'],
      allowedHosts: ['math'],
      trustedProxies: ['192.0.2.1'],
      version: '3.0.0',
    };
    const { kontrolUrl, proxyUrl, ...same } = options;
    expect(resolveConfig(options, { env: EVERYTHING, kiteKey })).toEqual({
      ...same,
      kontrolUrls: kontrolUrl,
      proxyUrls: proxyUrl,
    });
  });

  it('the configuration of a kite treats an empty variable and an undefined option as unset', () => {
    const env = Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, ' ']));
    const options = { username: undefined, port: undefined };
    expect(resolveConfig(options, { env: { ...env, KITE_LOG_NOCOLOR: '' }, kiteKey })).toEqual(
      resolveConfig({}, { env: {}, kiteKey }),
    );
  });

  it.each([
    [{ KITE_TRANSPORT: 'websocket' }, { transport: 'WebSocket' }],
    [{ KITE_TRANSPORT: 'AUTO' }, { transport: 'auto' }],
    [{ KITE_TRANSPORT: 'raw' }, { transport: 'RawWebSocket' }],
    [{ KITE_TRANSPORT: 'xhrpolling' }, { transport: 'XHRPolling' }],
    [{ KITE_LOG_LEVEL: 'warning' }, { logLevel: 'warn' }],
    [{ KITE_LOG_LEVEL: 'NOTICE' }, { logLevel: 'info' }],
    [{ KITE_LOG_LEVEL: 'fatal' }, { logLevel: 'error' }],
    [{ KITE_TIMEOUT: '15' }, { timeout: 15_000 }],
    [{ KITE_TIMEOUT: '0' }, { timeout: 0 }],
    [{ KITE_VERIFY_TTL: '-1s' }, { verifyTtl: -1000 }],
    [{ KITE_PORT: '0' }, { port: 0 }],
    [{ KITE_VERSION: '1.0.0-beta.1' }, { version: '1.0.0-beta.1' }],
    [{ NO_COLOR: '1' }, { logColor: false }],
  ])('the configuration of a kite reads %j as %j', (env, config) => {
    expect(resolveConfig({}, { env })).toMatchObject(config);
  });

  it.each([
    ['KITE_USERNAME', 'a/b', /without "\/"/],
    ['KITE_ENVIRONMENT', '/', /without "\/"/],
    ['KITE_REGION', 'a/', /without "\/"/],
    ['KITE_IP', 'http://x', /127\.0\.0\.1/],
    ['KITE_PORT', '65536', /0 \(any free port\) to 65535/],
    ['KITE_PORT', '-1', /65535/],
    ['KITE_PORT', '80.5', /65535/],
    ['KITE_PORT', 'http', /65535/],
    ['KITE_KONTROL_URL', 'localhost:4000', /http:\/\//],
    ['KITE_KONTROL_URL', 'http://ok/kite,', /commas/],
    ['KITE_KONTROL_URL', 'file:///etc/passwd', /http:\/\//],
    ['KITE_PROXY_URL', 'javascript:0', /http:\/\//],
    ['KITE_ALLOW_ORIGIN', 'app.example.com', /https:\/\/app\.example\.com/],
    ['KITE_ALLOW_ORIGIN', 'https://app.example.com/', /one or more origins/],
    ['KITE_ALLOWED_HOSTS', 'https://math.example.com', /host names without port/],
    ['KITE_ALLOWED_HOSTS', 'math.example.com:3636', /host names without port/],
    ['KITE_TRUSTED_PROXIES', 'lb.example.com', /IP addresses or networks/],
    ['KITE_TRUSTED_PROXIES', '10.0.0.0/33', /IP addresses or networks/],
    ['KITE_TRUSTED_PROXIES', '10.0.0.0/8,', /IP addresses or networks/],
    ['KITE_TRUSTED_PROXIES', 'fd00::/129', /IP addresses or networks/],
    ['KITE_TRUSTED_PROXIES', '10.0.0.1:80', /IP addresses or networks/],
    ['KITE_TRANSPORT', 'carrier pigeon', /auto, websocket, raw, xhr/],
    ['KITE_TIMEOUT', 'soon', /15s, 500ms/],
    ['KITE_TIMEOUT', '-1s', /0 or more/],
    ['KITE_HANDSHAKE_TIMEOUT', '1 minute', /15s, 500ms/],
    ['KITE_VERIFY_TTL', 'x', /-1s for never/],
    ['KITE_LOG_LEVEL', 'loud', /debug, info, warn, error/],
    ['KITE_VERSION', '1.0', /1\.0\.0/],
    ['KITE_VERSION', '1.0.0/x', /1\.0\.0/],
  ])(
    'the configuration of a kite rejects %s=%s with the variable, its value and the accepted values',
    (name, value, accepted) => {
      const resolve = () => resolveConfig({}, { env: { [name]: value } });
      expect(resolve).toThrow(accepted);
      expect(resolve).toThrow(
        expect.objectContaining({
          name: 'ConfigurationError',
          code: 'badValue',
          message: expect.stringContaining(`The environment variable ${name} is ${JSON.stringify(value)}`),
        }),
      );
    },
  );

  it.each([
    ['port', 1.5],
    ['port', Number.NaN],
    ['timeout', -1],
    ['timeout', Number.POSITIVE_INFINITY],
    ['username', ''],
    ['username', 5],
    ['transport', 'tcp'],
    ['kontrolUrl', []],
    ['kontrolUrl', ['x']],
    ['logColor', 'yes'],
    ['logLevel', null],
  ])('the configuration of a kite rejects the option %s: %j', (name, value) => {
    const resolve = () => resolveConfig({ [name]: value }, { env: {} });
    expect(resolve).toThrow(`The option ${name} is`);
  });

  it('the configuration of a kite rejects a kite key with a malformed URL of Kontrol', () => {
    expect(() => resolveConfig({}, { env: {}, kiteKey: { username: 'a', kontrolUrl: 'x' } })).toThrow(
      'The kontrolURL in the kite key is "x"',
    );
  });

  it('the configuration of a kite does not show the password in a URL', () => {
    const env = { KITE_PROXY_URL: 'ftp://user:secret@host/' };
    expect(() => resolveConfig({}, { env })).toThrow('"ftp://…@host/"');
  });
});
