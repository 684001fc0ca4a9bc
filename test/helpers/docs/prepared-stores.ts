import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import { selfSignedCertificate } from '../../../src/lib/keys/index.js';
import { testKeyPair } from '../kite/keys.js';
import { PostgresServer } from '../storage/postgres-server.js';
import { type Context, type End, start } from './document-context.js';

/** The password of Kontrol's user. */
const PASSWORD = 'a password of Kontrol';
/** The keys that Kontrol's user can access in etcd, according to docs/storage.md. */
const PREFIX = '/kitectl/v1/';

/** Starts a PostgreSQL with TLS at db.example.com, with a role and a database for Kontrol. */
export async function startDatabase({ cwd }: Context): Promise<End> {
  const server = await PostgresServer.start(5432);
  const keys = await testKeyPair(0);
  const certificate = await selfSignedCertificate({ hosts: ['db.example.com'], keys });
  await server.sql('postgres', `CREATE ROLE kontrol LOGIN PASSWORD '${PASSWORD}'`);
  await server.sql('postgres', 'CREATE DATABASE kontrol OWNER kontrol');
  await server.configure({
    ssl_cert_file: server.writeFile('server.crt', certificate),
    ssl_key_file: server.writeFile('server.key', keys.privateKey),
    ssl: 'on',
  });
  await writeFile(join(cwd, 'postgres-ca.pem'), certificate);
  await writeFile(join(cwd, 'postgres-password.txt'), `${PASSWORD}\n`, { mode: 0o600 });
  return () => server.remove();
}

/** Starts three members of etcd with TLS. Kontrol's user has only the rights that docs/storage.md lists. */
export async function startCluster(context: Context): Promise<End> {
  const { cwd } = context;
  const keys = await testKeyPair(0);
  const members = [1, 2, 3];
  const hosts = members.flatMap((n) => [`etcd-${n}.example.com`, `127.0.0.${n}`]);
  const certificate = await selfSignedCertificate({ hosts, keys });
  await writeFile(join(cwd, 'etcd-ca.pem'), certificate);
  await writeFile(join(cwd, 'etcd-password.txt'), `${PASSWORD}\n`, { mode: 0o600 });
  await writeFile(join(cwd, 'etcd-key.pem'), keys.privateKey, { mode: 0o600 });
  const cluster = members.map((n) => `member-${n}=http://127.0.0.${n}:2380`).join(',');
  const commands = members.map((n) =>
    [
      `etcd --name member-${n} --data-dir "$HOME/etcd-${n}" --unsafe-no-fsync --bcrypt-cost 4`,
      `--cert-file etcd-ca.pem --key-file etcd-key.pem --initial-cluster ${cluster}`,
      `--listen-client-urls https://127.0.0.${n}:2379 --advertise-client-urls https://127.0.0.${n}:2379`,
      `--listen-peer-urls http://127.0.0.${n}:2380 --initial-advertise-peer-urls http://127.0.0.${n}:2380`,
    ].join(' '),
  );
  const ends = await Promise.all(
    commands.map((command) => start(context, command, 'ready to serve client requests')),
  );
  await makeUsers(certificate);
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

async function makeUsers(certificate: string): Promise<void> {
  const client = new Etcd3({
    hosts: 'https://127.0.0.1:2379',
    credentials: { rootCertificate: Buffer.from(certificate) },
  });
  const role = await client.role('kontrol').create();
  await role.grant({ permission: 'Readwrite', range: client.range({ prefix: PREFIX }) });
  await (await client.user('kontrol').create(PASSWORD)).addRole('kontrol');
  await client.role('root').create();
  await (await client.user('root').create(PASSWORD)).addRole('root');
  await client.auth.authEnable();
  client.close();
}
