import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { Etcd3 } from 'etcd3';
import { pki } from 'node-forge';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openingFailure, unavailable } from '../../helpers/storage/store-failures.js';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { type EtcdConfig, openStorage } from '../../../src/lib/kontrol/storage/open-storage.js';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { etcdInstalled, type EtcdOptions, EtcdServer, skipped } from '../../helpers/storage/etcd-server.js';
import { useEtcd } from '../../helpers/storage/etcd-store.js';
import { freePort } from '../../helpers/process/free-port.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { NOW, PAIR, registration } from '../../helpers/storage/storage-conformance.js';

const PASSWORD = 'the password of kontrol';

const etcd = useEtcd();

async function serverWith(options: EtcdOptions): Promise<EtcdServer> {
  const server = await EtcdServer.start(options);
  onTestFinished(() => server.remove());
  return server;
}

/** A store on a separate server, not open yet. */
function storeOn(server: EtcdServer, changes: Partial<EtcdConfig> = {}): Storage {
  onTestFinished(() => storage.close());
  const storage = openStorage(
    { type: 'etcd', machines: server.urls, ...changes },
    { clock: systemClock, logger: silentLogger },
  );
  return storage;
}

describe.skipIf(!etcdInstalled)(`an etcd that cannot be used${skipped}`, () => {
  it('the error of an unreachable etcd contains its address', async () => {
    const port = await freePort();
    const storage = etcd.make({ machines: [`http://127.0.0.1:${port}`] });
    expect(await openingFailure(storage)).toMatchObject(
      unavailable(
        new RegExp(
          `^etcd at http://127\\.0\\.0\\.1:${port} cannot be reached: http://127\\.0\\.0\\.1:${port}: ` +
            `connect ECONNREFUSED .*\\. Check that it is running, and the URLs of its members$`,
        ),
      ),
    );
  });

  it('the etcd store uses no proxy of the environment', async () => {
    vi.stubEnv('http_proxy', `http://127.0.0.1:${await freePort()}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const storage = etcd.make();
    await storage.open();
    await expect(storage.ping()).resolves.toBeUndefined();
    await storage.close();
  });

  it('the etcd store rejects operations before it is opened and after it is closed', async () => {
    const storage = etcd.make();
    await expect(storage.ping()).rejects.toMatchObject(unavailable(/is not open/));
    await storage.open();
    await storage.close();
    await expect(storage.put(registration(), NOW)).rejects.toMatchObject(unavailable(/is not open/));
    await storage.close();
  });

  it('the etcd store reports that etcd has no users enabled', async () => {
    const error = await openingFailure(etcd.make({ user: 'me', password: PASSWORD }));
    expect(error).toMatchObject(unavailable(/authentication is not enabled\. .*unset KONTROL_ETCD_USERNAME/));
  });

  it('the etcd store reports that etcd does not accept TLS', async () => {
    const machines = etcd.server.urls.map((url) => url.replace('http:', 'https:'));
    expect(await openingFailure(etcd.make({ machines }))).toMatchObject(unavailable(/use http:/));
  });

  it('the etcd store reports that etcd disconnected before it answered', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const storage = etcd.make({ machines: [`https://127.0.0.1:${port}`], timeout: 500 });
    expect(await openingFailure(storage)).toMatchObject(unavailable(/does not accept TLS, use http:/));
  });
});

describe.skipIf(!etcdInstalled)(`etcd's users${skipped}`, () => {
  /**
   * An etcd with the users `kontrol`, which has the permissions for Kontrol, and `other`, which has others; and a client of
   * root.
   */
  async function guarded(options: EtcdOptions = {}): Promise<{ server: EtcdServer; root: Etcd3 }> {
    const server = await serverWith(options);
    const everybody = new Etcd3({ hosts: server.urls });
    await everybody.role('root').create();
    for (const [name, range] of [
      ['kontrol', everybody.range({ prefix: '/kitectl/v1/' })],
      ['other', everybody.range({ prefix: '/other/' })],
    ] as const) {
      const role = await everybody.role(name).create();
      await role.grant({ permission: 'Readwrite', range });
      await (await everybody.user(name).create(PASSWORD)).addRole(name);
    }
    await (await everybody.user('root').create(PASSWORD)).addRole('root');
    await everybody.auth.authEnable();
    everybody.close();
    const root = new Etcd3({ hosts: server.urls, auth: { username: 'root', password: PASSWORD } });
    onTestFinished(() => root.close());
    return { server, root };
  }

  it('etcd users need their passwords and have only their permissions, and no error contains a password', async () => {
    const { server } = await guarded();
    const storage = storeOn(server, { user: 'kontrol', password: PASSWORD });
    await storage.open();
    expect(await storage.put(registration(), NOW)).toBe('ok');
    await storage.putInvite({ hash: 'h', username: 'bob', expiresAt: NOW });
    await storage.refresh([registration().kite.id], NOW + 100_000);
    expect(await storage.registrations()).toEqual([registration({ expiresAt: NOW + 100_000 })]);
    await storage.sweep(NOW + 200_000);
    expect(await storage.registrations()).toEqual([]);
    await storage.ping();
    const refusals: [Partial<EtcdConfig>, RegExp][] = [
      [{ user: 'kontrol', password: `${PASSWORD}!` }, /authentication failed.*KONTROL_ETCD_PASSWORD/],
      [{ user: 'nobody', password: PASSWORD }, /authentication failed.*KONTROL_ETCD_PASSWORD/],
      [{ user: 'other', password: PASSWORD }, /permission denied\. Grant the user's role/],
      [{}, /user name is empty\. .*set KONTROL_ETCD_USERNAME/],
    ];
    for (const [changes, message] of refusals) {
      const error = await openingFailure(storeOn(server, changes));
      expect(error).toMatchObject(unavailable(message));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD);
    }
  });

  it('etcd users log in again after etcd lost their tokens at a restart', async () => {
    const { server } = await guarded();
    const storage = storeOn(server, { user: 'kontrol', password: PASSWORD });
    await storage.open();
    await storage.put(registration(), NOW);
    await server.kill();
    await server.start();
    await expect.poll(() => failed(storage.ping()), { timeout: 5000 }).toBe('');
    expect(await storage.registrations()).toEqual([registration()]);
  });

  it('etcd users log in again after users changed, if tokens are bound to a revision', async () => {
    const { server, root } = await guarded({ tokenKeys: await testKeyPair(0) });
    const storage = storeOn(server, { user: 'kontrol', password: PASSWORD });
    await storage.open();
    await root.user('fresh').create(PASSWORD);
    expect(await storage.put(registration(), NOW)).toBe('ok');
    await root.user('other').delete();
    await storage.ping();
  });
});

function failed(call: Promise<unknown>): Promise<string> {
  return call.then(() => '', String);
}

describe.skipIf(!etcdInstalled)(`TLS to etcd${skipped}`, () => {
  it('the etcd store uses TLS for https URLs with a known authority', async () => {
    const keys = await testKeyPair(0);
    const certificate = await selfSignedCertificate({ hosts: ['127.0.0.1'], keys });
    const server = await serverWith({ tls: { certificate, privateKey: keys.privateKey } });
    const storage = storeOn(server, { ca: certificate });
    await storage.open();
    await storage.put(registration(), NOW);
    await storage.ping();
    const refused = unavailable(/certificate.*\(ca, --etcd-ca\)/);
    expect(await openingFailure(storeOn(server))).toMatchObject(refused);
    const stranger = await selfSignedCertificate({ hosts: ['127.0.0.1'], keys: await testKeyPair(1) });
    expect(await openingFailure(storeOn(server, { ca: stranger }))).toMatchObject(refused);
    const machines = server.urls.map((url) => url.replace('https:', 'http:'));
    expect(await openingFailure(storeOn(server, { machines }))).toMatchObject(
      unavailable(/if its port requires TLS/),
    );
  });

  it('the etcd store presents a client certificate if members require one', async () => {
    const [keys, own] = await Promise.all([testKeyPair(0), testKeyPair(1)]);
    const ca = await selfSignedCertificate({ hosts: ['127.0.0.1'], keys });
    const certificate = clientCertificate(own);
    const tls = { certificate: ca, privateKey: keys.privateKey, clientCa: certificate };
    const server = await serverWith({ tls });
    const storage = storeOn(server, { ca, certificate, privateKey: own.privateKey });
    await storage.open();
    await storage.put(registration(), NOW);
    expect(await openingFailure(storeOn(server, { ca }))).toMatchObject(
      unavailable(/certificate.*a client certificate if it requires one/),
    );
  });
});

/** A certificate for a client, which is its own authority. */
function clientCertificate({ publicKey, privateKey }: { publicKey: string; privateKey: string }): string {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  const name = [{ name: 'commonName', value: 'kontrol' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'extKeyUsage', clientAuth: true }]);
  certificate.sign(pki.privateKeyFromPem(privateKey));
  return pki.certificateToPem(certificate);
}

describe.skipIf(!etcdInstalled)(`private keys in etcd${skipped}`, () => {
  async function stored(): Promise<string> {
    const client = new Etcd3({ hosts: etcd.server.urls });
    const values = await client.getAll().prefix(`${etcd.prefix}keys/`).strings();
    client.close();
    return JSON.stringify(values);
  }

  async function opened(secret?: string): Promise<Storage> {
    const storage = etcd.make(secret === undefined ? {} : { secret });
    onTestFinished(() => storage.close());
    await storage.open();
    return storage;
  }

  it('private keys in etcd are plain without a secret, and encrypted with one', async () => {
    const before = await opened();
    expect(before.secrets).toBe('plain');
    await before.putKeyPair(PAIR);
    expect(await stored()).toContain(PAIR.privateKey);
    const after = await opened('a secret');
    expect(after.secrets).toBe('encrypted');
    expect(await stored()).not.toContain(PAIR.privateKey);
    expect(await after.keyPairs()).toEqual([PAIR]);
    await after.putKeyPair({ ...PAIR, id: 'other', privateKey: 'ANOTHER' });
    expect(await stored()).not.toContain('ANOTHER');
  });

  it('private keys in etcd are readable only with their secret', async () => {
    await (await opened('a secret')).putKeyPair(PAIR);
    const broken = { name: 'StorageError', code: 'broken' };
    await expect((await opened('another')).keyPairs()).rejects.toMatchObject(broken);
    await expect((await opened()).keyPairs()).rejects.toMatchObject(broken);
  });
});
