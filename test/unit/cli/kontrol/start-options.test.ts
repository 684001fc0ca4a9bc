import { describe, expect, it } from 'vitest';
import type { ParsedStartFlags } from '../../../../src/lib/cli/kontrol/start-flags.js';
import { type StartOptions, startOptions } from '../../../../src/lib/cli/kontrol/start-options.js';

const HOME = { KITE_HOME: '/home/kite' };
const none: ParsedStartFlags = { initial: false, force: false, webrtc: false };

function options(flags: Partial<ParsedStartFlags>, env: Record<string, string> = {}): StartOptions {
  return startOptions({ ...none, ...flags }, { ...HOME, ...env });
}

describe('startOptions', () => {
  it('listens on this machine with a store in the kite home where nothing is said', () => {
    expect(options({})).toEqual({
      initial: false,
      force: false,
      ip: '127.0.0.1',
      port: 4000,
      username: 'kontrol',
      kontrolUrl: 'http://127.0.0.1:4000/kite',
      registerUrl: undefined,
      environment: undefined,
      region: undefined,
      version: undefined,
      keyFiles: undefined,
      tlsFiles: undefined,
      allowOrigin: undefined,
      allowedHosts: undefined,
      policy: { type: 'default' },
      registration: 'invite',
      webrtc: false,
      storage: { kind: 'file', folder: '/home/kite/kontrol/data' },
      home: '/home/kite/kontrol',
      warnings: [],
    });
  });

  it('understands the environment that the README of the Go implementation sets', () => {
    const env = {
      KONTROL_PORT: '6000',
      KONTROL_USERNAME: 'kontrol',
      KONTROL_STORAGE: 'etcd',
      KONTROL_KONTROLURL: 'http://127.0.0.1:6000/kite',
      KONTROL_PUBLICKEYFILE: 'certs/key_pub.pem',
      KONTROL_PRIVATEKEYFILE: 'certs/key.pem',
    };
    expect(options({ initial: true }, env)).toMatchObject({
      initial: true,
      port: 6000,
      username: 'kontrol',
      kontrolUrl: 'http://127.0.0.1:6000/kite',
      keyFiles: { publicKey: 'certs/key_pub.pem', privateKey: 'certs/key.pem' },
      storage: { kind: 'etcd', machines: ['http://127.0.0.1:2379'] },
    });
  });

  it.each<[Partial<ParsedStartFlags>, Record<string, string>, object]>([
    [{ port: '5000' }, { KONTROL_PORT: '6000' }, { port: 5000, kontrolUrl: 'http://127.0.0.1:5000/kite' }],
    [{ port: '' }, { KONTROL_PORT: '' }, { port: 4000 }],
    [{ port: '0' }, {}, { port: 0, kontrolUrl: undefined }],
    [{ ip: '::1' }, {}, { ip: '::1', kontrolUrl: 'http://[::1]:4000/kite', warnings: [] }],
    [
      { tlscertfile: 'c', tlskeyfile: 'k' },
      {},
      { tlsFiles: { certificate: 'c', privateKey: 'k' }, kontrolUrl: 'https://127.0.0.1:4000/kite' },
    ],
    [{ policy: 'open' }, {}, { policy: { type: 'open' } }],
    [{ policy: 'p.json' }, {}, { policy: { type: 'file', file: 'p.json' } }],
    [{}, { KONTROL_POLICY: 'default' }, { policy: { type: 'default' } }],
    [{}, { KONTROL_WEBRTC: 'true', KONTROL_INITIAL: '1' }, { webrtc: true, initial: true }],
    [{}, { KONTROL_WEBRTC: 'false' }, { webrtc: false }],
    [{ version: '0.0.2', region: 'eu', environment: 'prod' }, {}, { version: '0.0.2', region: 'eu' }],
    [{ storage: 'memory' }, {}, { storage: { kind: 'memory' } }],
    [
      { 'allow-origin': 'https://a.example, https://b.example:8443' },
      { KONTROL_ALLOW_HOST: 'kontrol.example.com' },
      {
        allowOrigin: ['https://a.example', 'https://b.example:8443'],
        allowedHosts: ['kontrol.example.com'],
      },
    ],
    [{ 'allow-host': '*' }, { KONTROL_ALLOW_ORIGIN: '*' }, { allowOrigin: '*', allowedHosts: '*' }],
    [{ data: 'd' }, {}, { storage: { kind: 'file', folder: 'd' } }],
    [
      { storage: 'etcd', machines: '//10.0.0.1:2379, https://b:1,c:2' },
      { KONTROL_SECRET: 's', KONTROL_ETCD_USERNAME: 'u', KONTROL_ETCD_PASSWORD: 'p' },
      {
        storage: {
          kind: 'etcd',
          machines: ['http://10.0.0.1:2379', 'https://b:1', 'http://c:2'],
          user: 'u',
          password: 'p',
          secret: 's',
        },
      },
    ],
    [
      { storage: 'postgres', 'postgres-username': 'k', 'postgres-connecttimeout': '5' },
      { KONTROL_POSTGRES_DBNAME: 'kite', KONTROL_POSTGRES_HOST: 'db', KONTROL_POSTGRES_PASSWORD: 'p' },
      {
        storage: {
          kind: 'postgres',
          host: 'db',
          port: 5432,
          user: 'k',
          password: 'p',
          database: 'kite',
          connectTimeout: 5000,
        },
      },
    ],
  ])('of %o and %o is %o', (flags, env, expected) => {
    expect(options(flags, env)).toMatchObject(expected);
  });

  it.each<[Partial<ParsedStartFlags>, Record<string, string>, string]>([
    [{ port: 'x' }, {}, '--port (KONTROL_PORT) must be a port from 0 to 65535, not x'],
    [
      { storage: 'postgres', 'postgres-port': '0' },
      {},
      '--postgres-port (KONTROL_POSTGRES_PORT) must be a port from 1',
    ],
    [{}, { KONTROL_PORT: '70000' }, 'not 70000'],
    [{ kontrolurl: 'kontrol' }, {}, '--kontrolurl is not a URL'],
    [{ publickeyfile: 'p' }, {}, 'is given without --privatekeyfile (KONTROL_PRIVATEKEYFILE)'],
    [{ tlskeyfile: 'k' }, {}, 'is given without --tlscertfile'],
    [{ storage: 'redis' }, {}, 'must be file, memory, postgres or etcd, not redis'],
    [{ storage: 'postgres' }, {}, '--postgres-username (KONTROL_POSTGRES_USERNAME) must be given'],
    [{ storage: 'postgres', 'postgres-username': 'k' }, {}, '--postgres-dbname'],
    [
      { 'allow-origin': 'a.example' },
      {},
      '--allow-origin (KONTROL_ALLOW_ORIGIN) must be one or more origins',
    ],
    [{}, { KONTROL_ALLOW_HOST: 'http://a' }, 'must be one or more host names without port'],
    [{ registration: 'closed' }, {}, 'must be invite or open, not closed'],
    [{ username: 'a/b' }, {}, 'must not contain "/"'],
    [{ version: '1' }, {}, 'three numbers'],
    [{}, { KONTROL_WEBRTC: 'yes' }, 'KONTROL_WEBRTC must be true or false'],
    [{ registration: 'open', ip: '0.0.0.0' }, {}, 'gives everybody who reaches 0.0.0.0 a kite key'],
    [{ registration: 'open', ip: 'kontrol.example.com' }, {}, 'a kite key for any user'],
  ])('refuses %o and %o with %s', (flags, env, message) => {
    expect(() => options(flags, env)).toThrow(message);
  });

  it('lets open registration listen beyond this machine when forced, and says what that means', () => {
    const { registration, warnings } = options({ registration: 'open', ip: '0.0.0.0', force: true });
    expect(registration).toBe('open');
    expect(warnings.join('\n')).toContain('without an invite');
  });

  it.each<[Partial<ParsedStartFlags>, string]>([
    [{ policy: 'open' }, 'Policy open'],
    [{ registration: 'open' }, 'Registration open'],
    [{ ip: '10.0.0.1' }, 'without TLS'],
    [{ ip: '0.0.0.0' }, 'name its address with -kontrolurl'],
    [
      { storage: 'postgres', 'postgres-username': 'k', 'postgres-dbname': 'd', 'postgres-password': 'pw' },
      'KONTROL_POSTGRES_PASSWORD',
    ],
  ])('warns of what %o means', (flags, warning) => {
    const { warnings } = options(flags);
    expect(warnings.join('\n')).toContain(warning);
    expect(warnings.join('\n')).not.toContain('pw:');
  });
});
