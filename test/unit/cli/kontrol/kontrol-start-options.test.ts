import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type KontrolStartOptions,
  kontrolStartOptions,
} from '../../../../src/lib/cli/kontrol/kontrol-start-options.js';
import { storageSettings } from '../../../../src/lib/cli/settings/storage-settings.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const HOME = { KITE_HOME: '/home/kite' };
const POSTGRES = { storage: 'postgres', 'postgres-username': 'k', 'postgres-dbname': 'd' };
/** Values that flags accept. */
const VALUES: Flags = { 'postgres-port': '5432', 'postgres-connecttimeout': '5', 'postgres-tls': true };
type Flags = Readonly<Record<string, string | boolean | undefined>>;

function options(flags: Flags, env: Record<string, string> = {}): KontrolStartOptions {
  return kontrolStartOptions(flags, { ...HOME, ...env });
}

describe('kontrolStartOptions', () => {
  it('kontrolStartOptions listens on loopback with a store in the kite home by default', () => {
    expect(options({})).toEqual({
      initial: false,
      force: false,
      ip: '127.0.0.1',
      port: 4000,
      username: 'kontrol',
      kontrolUrl: 'http://127.0.0.1:4000/kite',
      registerUrl: undefined,
      environment: 'unknown',
      region: 'unknown',
      version: undefined,
      keyFiles: undefined,
      tlsFiles: undefined,
      allowOrigin: undefined,
      allowedHosts: undefined,
      trustedProxies: [],
      lameDuck: 0,
      limits: {},
      auditLog: undefined,
      policy: { type: 'own' },
      registration: 'invite',
      webrtc: false,
      ui: true,
      storage: { type: 'file', folder: '/home/kite/kontrol/data' },
      home: '/home/kite/kontrol',
      warnings: [],
    });
  });

  it('kontrolStartOptions rejects each flag of another storage, which would be ignored, but not a variable', () => {
    const flagsOf: Readonly<Record<string, readonly string[]>> = {
      file: ['data'],
      etcd: Object.keys(storageSettings).filter((name) => /^(?:machines|etcd-.*)$/.test(name)),
      postgres: Object.keys(storageSettings).filter((name) => name.startsWith('postgres-')),
    };
    const cases = Object.entries(flagsOf).flatMap(([owner, names]) =>
      ['file', 'memory', 'postgres', 'etcd']
        .filter((storage) => storage !== owner)
        .flatMap((storage) => names.map((name) => ({ owner, name, storage }))),
    );
    for (const { owner, name, storage } of cases) {
      const value = VALUES[name] ?? 'x';
      expect(() => options({ storage, [name]: value })).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: `--${name} is a flag of the storage ${owner}, and this is the storage ${storage}.`,
          hint: `Remove --${name}, or use --storage ${owner}.`,
        }),
      );
    }
    expect(options({ storage: 'memory' }, { KONTROL_DATA: '/data' }).storage).toEqual({ type: 'memory' });
    console.log(`flags of another storage: ${cases.length} cases`);
    expect(cases.length).toBeGreaterThan(30);
  });

  it('kontrolStartOptions understands the environment variables in the README of the Go implementation', () => {
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
      storage: { type: 'etcd', machines: ['http://127.0.0.1:2379'] },
    });
  });

  it.each<[Flags, Record<string, string>, object]>([
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
    [{}, { KONTROL_POLICY: 'default' }, { policy: { type: 'own' } }],
    [{}, { KONTROL_WEBRTC: 'true', KONTROL_INITIAL: '1' }, { webrtc: true, initial: true }],
    [{}, { KONTROL_WEBRTC: 'false' }, { webrtc: false }],
    [{ ui: false }, {}, { ui: false }],
    [{}, { KONTROL_UI: 'false' }, { ui: false }],
    [{ ip: '10.0.0.1' }, {}, { ui: false }],
    [{ ip: '0.0.0.0' }, {}, { ui: false }],
    [{ ip: '10.0.0.1', ui: true }, {}, { ui: true }],
    [{ ip: '10.0.0.1' }, { KONTROL_UI: '1' }, { ui: true }],
    [{ version: '0.0.2', region: 'eu', environment: 'prod' }, {}, { version: '0.0.2', region: 'eu' }],
    [{ storage: 'memory' }, {}, { storage: { type: 'memory' } }],
    [
      { 'allow-origin': 'https://a.example, https://b.example:8443' },
      { KONTROL_ALLOW_HOST: 'kontrol.example.com' },
      {
        allowOrigin: ['https://a.example', 'https://b.example:8443'],
        allowedHosts: ['kontrol.example.com'],
      },
    ],
    [{ 'trusted-proxy': '10.0.0.0/8,fd00::1' }, {}, { trustedProxies: ['10.0.0.0/8', 'fd00::1'] }],
    [
      {},
      { KONTROL_TRUSTED_PROXIES: '10.0.0.1', KITE_TRUSTED_PROXIES: '::1' },
      { trustedProxies: ['10.0.0.1'] },
    ],
    [{ 'allow-host': '*' }, { KONTROL_ALLOW_ORIGIN: '*' }, { allowOrigin: '*', allowedHosts: '*' }],
    [{ data: 'd' }, {}, { storage: { type: 'file', folder: 'd' } }],
    [
      { storage: 'etcd', machines: '//10.0.0.1:2379, https://b:1,c:2' },
      { KONTROL_SECRET: 's', KONTROL_ETCD_USERNAME: 'u', KONTROL_ETCD_PASSWORD: 'p' },
      {
        storage: {
          type: 'etcd',
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
          type: 'postgres',
          host: 'db',
          port: 5432,
          user: 'k',
          password: 'p',
          database: 'kite',
          connectTimeout: 5000,
        },
      },
    ],
    [
      POSTGRES,
      { KONTROL_SECRET: 's' },
      { storage: { secret: 's', host: '127.0.0.1', connectTimeout: 20_000 } },
    ],
    [{ ...POSTGRES, 'postgres-tls': true }, {}, { storage: { tls: true } }],
    [{ ...POSTGRES, 'postgres-tls': false }, { KONTROL_POSTGRES_TLS: 'true' }, { storage: { tls: false } }],
    [POSTGRES, { KONTROL_POSTGRES_TLS: 'false' }, { storage: { tls: false } }],
  ])('kontrolStartOptions of %o and %o is %o', (flags, env, expected) => {
    expect(options(flags, env)).toMatchObject(expected);
  });

  it.each<[Flags, Record<string, string>, string]>([
    [{ port: 'x' }, {}, '--port is "x"; it must be a port from 0 (any free port) to 65535'],
    [
      { storage: 'postgres', 'postgres-port': '0' },
      {},
      '--postgres-port is "0"; it must be a port from 1 to 65535',
    ],
    [{}, { KONTROL_PORT: '70000' }, 'The environment variable KONTROL_PORT is "70000"; it must be a port'],
    [{ kontrolurl: 'kontrol' }, {}, '--kontrolurl is "kontrol"; it must be a URL'],
    [{ publickeyfile: 'p' }, {}, 'is set without --privatekeyfile (KONTROL_PRIVATEKEYFILE)'],
    [{ tlskeyfile: 'k' }, {}, 'is set without --tlscertfile'],
    [{ storage: 'redis' }, {}, '--storage is "redis"; it must be one of file, memory, postgres, etcd'],
    [
      { storage: 'postgres' },
      {},
      '--storage postgres requires --postgres-username (KONTROL_POSTGRES_USERNAME).',
    ],
    [{ storage: 'postgres', 'postgres-username': 'k' }, {}, '--postgres-dbname'],
    [
      POSTGRES,
      { KONTROL_POSTGRES_TLS: 'perhaps' },
      'The environment variable KONTROL_POSTGRES_TLS is "perhaps"; it must be true or false',
    ],
    [
      { ...POSTGRES, 'postgres-tls': false, 'postgres-ca': 'ca.pem' },
      {},
      '--postgres-ca (KONTROL_POSTGRES_CA) is set, but --postgres-tls (KONTROL_POSTGRES_TLS) disables TLS',
    ],
    [
      { ...POSTGRES, 'postgres-ca': '/nowhere/ca.pem' },
      {},
      'The file /nowhere/ca.pem cannot be read: it does not exist',
    ],
    [
      { ...POSTGRES, 'postgres-passwordfile': 'f' },
      { KONTROL_POSTGRES_PASSWORD: 'p' },
      '--postgres-password (KONTROL_POSTGRES_PASSWORD) and --postgres-passwordfile',
    ],
    [
      { storage: 'etcd', machines: 'http://a:1', 'etcd-ca': 'ca.pem' },
      {},
      'no URL in --machines (KONTROL_MACHINES) starts with https://',
    ],
    [
      { storage: 'etcd', machines: 'https://a:1', 'etcd-cert': 'cert.pem' },
      {},
      '--etcd-cert (KONTROL_ETCD_CERT) is set without --etcd-key (KONTROL_ETCD_KEY)',
    ],
    [
      { storage: 'etcd', machines: 'http://me:secret@a:1' },
      {},
      '--machines (KONTROL_MACHINES) must not contain credentials.',
    ],
    [
      { storage: 'etcd' },
      { KONTROL_ETCD_PASSWORD: 'p' },
      'KONTROL_ETCD_PASSWORD is set without KONTROL_ETCD_USERNAME',
    ],
    [{ 'allow-origin': 'a.example' }, {}, '--allow-origin is "a.example"; it must be one or more origins'],
    [{}, { KONTROL_ALLOW_HOST: 'http://a' }, 'must be one or more host names without port'],
    [{ registration: 'closed' }, {}, '--registration is "closed"; it must be one of invite, open'],
    [{ username: 'a/b' }, {}, '--username is "a/b"; it must be a name without "/"'],
    [{ version: '1' }, {}, 'three numbers'],
    [{}, { KONTROL_WEBRTC: 'yes' }, 'KONTROL_WEBRTC is "yes"; it must be true or false'],
    [{ registration: 'open', ip: '0.0.0.0' }, {}, 'lets anyone who can reach 0.0.0.0 get a kite key'],
    [{ registration: 'open', ip: 'kontrol.example.com' }, {}, 'a kite key for any user'],
  ])('kontrolStartOptions rejects %o and %o with %s', (flags, env, message) => {
    expect(() => options(flags, env)).toThrow(message);
  });

  it("kontrolStartOptions reads the password and the authority's certificate for PostgreSQL from files", () => {
    const folder = temporaryFolder();
    const [password, ca, empty] = ['password', 'ca.pem', 'empty'].map((name) => path.join(folder, name));
    writeFileSync(password ?? '', 'pass word\n');
    writeFileSync(ca ?? '', '-----BEGIN CERTIFICATE-----\n');
    writeFileSync(empty ?? '', '\n');
    const env = { KONTROL_POSTGRES_PASSWORDFILE: password ?? '' };
    expect(options({ ...POSTGRES, 'postgres-ca': ca }, env).storage).toMatchObject({
      password: 'pass word',
      ca: '-----BEGIN CERTIFICATE-----\n',
    });
    expect(() => options({ ...POSTGRES, 'postgres-passwordfile': empty })).toThrow('is empty');
    expect(() => options({ ...POSTGRES, 'postgres-ca': password })).toThrow('There is no certificate in');
  });

  it('kontrolStartOptions reads the certificates and the key for etcd from files', () => {
    const folder = temporaryFolder();
    const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => path.join(folder, name));
    writeFileSync(ca ?? '', '-----BEGIN CERTIFICATE-----\n1');
    writeFileSync(cert ?? '', '-----BEGIN CERTIFICATE-----\n2');
    writeFileSync(key ?? '', '-----BEGIN RSA PRIVATE KEY-----\n', { mode: 0o600 });
    const flags = { storage: 'etcd', machines: 'https://a:1', 'etcd-cert': cert, 'etcd-key': key };
    expect(options(flags, { KONTROL_ETCD_CA: ca ?? '' }).storage).toMatchObject({
      ca: '-----BEGIN CERTIFICATE-----\n1',
      certificate: '-----BEGIN CERTIFICATE-----\n2',
      privateKey: '-----BEGIN RSA PRIVATE KEY-----\n',
    });
    expect(() => options({ ...flags, 'etcd-key': ca })).toThrow(/can be read or changed by other users/);
    chmodSync(ca ?? '', 0o600);
    expect(() => options({ ...flags, 'etcd-key': ca })).toThrow('There is no private key in');
    expect(() => options({ ...flags, 'etcd-cert': key })).toThrow('There is no certificate in');
  });

  it('kontrolStartOptions allows open registration beyond loopback with --force, and warns about it', () => {
    const { registration, warnings } = options({ registration: 'open', ip: '0.0.0.0', force: true });
    expect(registration).toBe('open');
    expect(warnings.join('\n')).toContain('without an invite');
  });

  it.each<[Flags, string]>([
    [{ policy: 'open' }, 'Policy open'],
    [{ registration: 'open' }, 'Registration is open'],
    [{ ip: '10.0.0.1' }, 'without TLS'],
    [{ ip: '0.0.0.0' }, 'set the address with --kontrolurl'],
    [
      { storage: 'postgres', 'postgres-username': 'k', 'postgres-dbname': 'd', 'postgres-password': 'pw' },
      'KONTROL_POSTGRES_PASSWORD',
    ],
  ])('kontrolStartOptions warns about the consequences of %o', (flags, warning) => {
    const { warnings } = options(flags);
    expect(warnings.join('\n')).toContain(warning);
    expect(warnings.join('\n')).not.toContain('pw:');
  });
});
