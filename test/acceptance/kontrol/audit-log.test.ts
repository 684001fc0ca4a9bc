import { expect, it } from 'vitest';
import { type AuditEntry, openPolicy } from '../../../src/lib/kontrol.js';
import { AUDITED_AUDIENCES } from '../../../src/lib/kontrol/limits/kontrol-limits.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

const MATH = 'http://127.0.0.1:3636/kite';

it('the audit log has an entry for each registration, token, invite, sign-in, rotation, revocation and refused call, with its address', async () => {
  const entries: AuditEntry[] = [];
  const { kontrol, origin } = await startKontrol({
    audit: (entry) => void entries.push(entry),
    page: pageFolder(),
  });
  const math = await connect(kontrol, 'bob');
  const admin = await connect(kontrol, 'kontrol');
  await math.tell('register', { url: MATH });
  await math.tell('getToken', { username: 'bob', environment: 'prod', name: 'math' });
  await admin.tell('kontrol.invite', { username: 'alice' });
  const { code } = await math.tell<{ code: string }>('signInCode');
  await math.tell('signIn', { code });
  await admin.tell('kontrol.rotateKeys');
  await expect(math.tell('kontrol.rotateKeys')).rejects.toMatchObject({ type: 'authenticationError' });
  const body = JSON.stringify({
    url: MATH,
    kite: math.kite.identity,
    auth: { type: 'kiteKey', key: math.key.jwt },
  });
  await fetch(`${origin}/register`, { method: 'POST', body });
  await fetch(`${origin}/register`, { method: 'POST', body: '{}' });
  await fetch(`${origin}/deregister`, { method: 'POST', body: '{}' });
  await admin.tell('kontrol.revokeKiteKey', { id: math.key.id });
  const again = await connect(kontrol, 'bob', { key: math.key.jwt });
  await expect(again.tell('register', { url: MATH })).rejects.toMatchObject({ type: 'authenticationError' });
  const stranger = math.kite.newClient(kontrol.url);
  await stranger.dial();
  await expect(stranger.tell('getKites', { query: {} })).rejects.toMatchObject({
    type: 'authenticationError',
  });
  const path = expect.stringMatching(/^\/bob\/prod\/math\//);
  const expected = [
    ['register', 'register', 'bob', path],
    ['getToken', 'getToken', 'bob', '/bob/prod/math'],
    ['invite', 'kontrol.invite', 'kontrol', 'alice'],
    ['signInLink', 'signInCode', 'bob', 'bob'],
    ['signIn', 'signIn', '', 'bob'],
    ['rotate', 'kontrol.rotateKeys', 'kontrol', kontrol.keyPairs()[0]?.id],
    ['refuse', 'kontrol.rotateKeys', 'bob', undefined],
    ['register', 'POST /register', 'bob', path],
    ['refuse', 'POST /register', '', undefined],
    ['refuse', 'POST /deregister', '', undefined],
    ['revoke', 'kontrol.revokeKiteKey', 'kontrol', math.key.id],
    ['refuse', 'register', '', undefined],
    ['refuse', 'getKites', '', undefined],
  ];
  expect(entries.map(({ action, method, user, target }) => [action, method, user, target])).toEqual(expected);
  expect(entries.filter(({ address }) => address !== '127.0.0.1')).toEqual([]);
  const text = JSON.stringify(entries);
  for (const secret of [math.key.jwt, code]) expect(text).not.toContain(secret);
});

it('the audit log has one entry for the tokens of each query, and one per minute for those of each watch', async () => {
  const entries: AuditEntry[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { kontrol } = await startKontrol({
    audit: (entry) => void entries.push(entry),
    clock,
    policy: openPolicy(),
  });
  const bob = await connect(kontrol, 'bob', { kite: { clock } });
  const watching = { query: { username: 'bob' }, watchCallback: () => {} };
  await bob.subscribe('getKites', watching);
  for (let n = 0; n < AUDITED_AUDIENCES + 2; n++) {
    const kite = await connect(kontrol, 'bob', { name: `math${n}`, kite: { clock } });
    await kite.tell('register', { url: MATH });
  }
  const { kites } = await bob.tell<{ kites: unknown[] }>('getKites', {
    query: { username: 'bob', environment: 'prod' },
  });
  await expect(bob.tell('getKites', { query: { username: 'nobody' } })).rejects.toThrow('no kites found');
  clock.advance(60_000);
  const tokens = entries.filter(({ action }) => action === 'getToken');
  const common = { time: expect.any(String), action: 'getToken', user: 'bob', address: '127.0.0.1' };
  const audiences = expect.arrayContaining([expect.stringMatching(/^\/bob\/prod\/math\d+$/)]);
  expect(tokens).toEqual([
    { ...common, method: 'getKites', target: '/bob/prod', tokens: AUDITED_AUDIENCES + 2, audiences },
    { ...common, method: 'watchCallback', target: '/bob', tokens: AUDITED_AUDIENCES + 2, audiences },
  ]);
  expect(kites).toHaveLength(AUDITED_AUDIENCES + 2);
  expect(tokens.map((entry) => entry.audiences?.length)).toEqual([AUDITED_AUDIENCES, AUDITED_AUDIENCES]);
  const last = await connect(kontrol, 'bob', { name: 'last', kite: { clock } });
  await last.tell('register', { url: MATH });
  await kontrol.close({ drainTimeout: 100 });
  expect(entries.at(-1)).toMatchObject({ method: 'watchCallback', tokens: 1, audiences: ['/bob/prod/last'] });
});
