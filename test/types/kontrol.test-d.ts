import { expectTypeOf } from 'vitest';
import type { Kite } from 'kitectl';
import {
  defaultKontrolLimits,
  generateKeyPair,
  isStorageError,
  type KeyPair,
  type KeyPairInfo,
  type KeyRevocation,
  Kontrol,
  type KontrolLimits,
  type KontrolOptions,
  type KontrolStatus,
  loadPolicy,
  openPolicy,
  openStorage,
  ownPolicy,
  parsePolicy,
  type Policy,
  type PolicyAction,
  type RegistrationMode,
  type Storage,
  type StorageConfig,
  type UserCredential,
  type UserRevocation,
  type UserSummary,
} from 'kitectl/kontrol';

// A Kontrol and its administration.
void (async () => {
  const kontrol = new Kontrol({
    storage: openStorage({ type: 'memory' }),
    port: 0,
    registration: 'invite',
    keyPair: await generateKeyPair({ bits: 2048 }),
    policy: ownPolicy('kontrol'),
    limits: { prompts: 5, messageBytes: 1024 },
  });
  expectTypeOf(kontrol.kite).toEqualTypeOf<Kite>();
  expectTypeOf(kontrol.status()).toEqualTypeOf<KontrolStatus>();
  expectTypeOf(kontrol.status().storage.online).toEqualTypeOf<boolean>();
  expectTypeOf(await kontrol.invite('bob', { ttl: 60_000 })).toEqualTypeOf<string>();
  expectTypeOf(await kontrol.newKiteKey('bob')).toEqualTypeOf<string>();
  await kontrol.newKiteKey('bob', { ttl: 60_000 });
  await kontrol.invite('bob', { keyTtl: 60_000 });
  // @ts-expect-error Lifetimes are numbers of milliseconds.
  void kontrol.invite('bob', { keyTtl: '90d' });
  expectTypeOf(await kontrol.users()).toEqualTypeOf<readonly UserSummary[]>();
  expectTypeOf(await kontrol.user('bob')).toEqualTypeOf<readonly UserCredential[]>();
  expectTypeOf(await kontrol.revokeKiteKey('id')).toEqualTypeOf<KeyRevocation>();
  expectTypeOf(await kontrol.revokeUser('bob')).toEqualTypeOf<UserRevocation>();
  expectTypeOf(await kontrol.rotate()).toEqualTypeOf<KeyPairInfo>();
  expectTypeOf(kontrol.keyPairs()).toEqualTypeOf<readonly KeyPairInfo[]>();
  // @ts-expect-error Private keys stay in Kontrol.
  void kontrol.keyPairs()[0]?.privateKey;
  await kontrol.close({ drainTimeout: 0 });
  // @ts-expect-error A Kontrol has a store.
  void new Kontrol({ port: 0 });
  // @ts-expect-error There is no such mode.
  void new Kontrol({ storage: openStorage({ type: 'memory' }), registration: 'closed' });
});

// Options.
expectTypeOf<KontrolOptions['storage']>().toEqualTypeOf<Storage>();
expectTypeOf<RegistrationMode>().toEqualTypeOf<'invite' | 'open'>();
expectTypeOf(defaultKontrolLimits).toEqualTypeOf<KontrolLimits>();
expectTypeOf(generateKeyPair).returns.resolves.toEqualTypeOf<KeyPair>();

// Stores.
expectTypeOf<StorageConfig['type']>().toEqualTypeOf<'memory' | 'file' | 'postgres' | 'etcd'>();
void (() => {
  openStorage({ type: 'file', folder: '/var/lib/kontrol' });
  openStorage({ type: 'etcd', machines: ['http://localhost:2379'] });
  // @ts-expect-error The file store has a folder.
  openStorage({ type: 'file' });
  // @ts-expect-error There is no such store.
  openStorage({ kind: 'redis' });
  // @ts-expect-error The memory store has no folder.
  openStorage({ type: 'memory', folder: '/' });
});

// Errors of stores.
{
  const error: unknown = undefined;
  if (isStorageError(error)) expectTypeOf(error.code).toEqualTypeOf<'broken' | 'locked' | 'unavailable'>();
}

// Policies.
expectTypeOf<PolicyAction>().toEqualTypeOf<'register' | 'query' | 'token'>();
expectTypeOf(openPolicy).returns.toEqualTypeOf<Policy>();
expectTypeOf(parsePolicy).returns.toEqualTypeOf<Policy>();
expectTypeOf(loadPolicy).returns.resolves.toEqualTypeOf<Policy>();
expectTypeOf<Policy['allows']>().returns.toEqualTypeOf<boolean>();
