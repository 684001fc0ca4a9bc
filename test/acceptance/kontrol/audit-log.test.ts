import { expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/lib/kontrol.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';

const MATH = 'http://127.0.0.1:3636/kite';

it('the audit log has an entry for each registration, token, invite, sign-in, rotation, revocation and refused call', async () => {
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
  await admin.tell('kontrol.revokeKiteKey', { id: math.key.id });
  const again = await connect(kontrol, 'bob', { key: math.key.jwt });
  await expect(again.tell('register', { url: MATH })).rejects.toMatchObject({ type: 'authenticationError' });
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
    ['revoke', 'kontrol.revokeKiteKey', 'kontrol', math.key.id],
    ['refuse', 'authentication', '', undefined],
  ];
  expect(entries.map(({ action, method, user, target }) => [action, method, user, target])).toEqual(expected);
  expect(entries.filter(({ address }) => address === '127.0.0.1')).toHaveLength(10);
  const text = JSON.stringify(entries);
  for (const secret of [math.key.jwt, code]) expect(text).not.toContain(secret);
});
