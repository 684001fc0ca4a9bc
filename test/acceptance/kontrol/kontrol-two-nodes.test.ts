import { describe, expect, it } from 'vitest';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { type Caller, connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';

const MATH = 'http://127.0.0.1:3636/kite';
const query = { username: 'bob', environment: 'prod', name: 'math' };

/** A kite that is connected to another Kontrol on the same store, and a caller that queries it. */
async function twoNodes(): Promise<{ math: Caller; asking: Caller; origin: string }> {
  const storage = new FakeStorage();
  const here = await startKontrol({ storage, webrtc: true });
  const there = await startKontrol({ storage, webrtc: true });
  const math = await connect(there.kontrol, 'bob');
  const asking = await connect(here.kontrol, 'bob', { name: 'asking' });
  await math.tell('register', { url: MATH });
  await asking.tell('register', { url: 'http://127.0.0.1:3637/kite' });
  expect((await asking.kite.getKites(query)).map(({ url }) => url)).toEqual([MATH]);
  return { math, asking, origin: here.origin };
}

describe('a kite that is connected to another Kontrol', () => {
  it('a kite connected to another Kontrol is found, and a who query to it fails with a reason and a hint', async () => {
    const { asking } = await twoNodes();
    await expect(asking.tell('getKites', { query, who: 'me' })).rejects.toMatchObject({
      type: 'genericError',
      code: 'notConnectedHere',
      message:
        'who: no matching kite is connected to this Kontrol. 1 of them is connected to another node: omit who, or query that node',
    });
  });

  it('a kite connected to another Kontrol gets no WebRTC signals from this one, and the sender gets a reason', async () => {
    const { math, asking } = await twoNodes();
    const message = { type: 'offer', dst: math.kite.identity.id };
    await expect(asking.tell('kite.handleWebRTC', message)).rejects.toMatchObject({
      type: 'genericError',
      code: 'notConnectedHere',
      message:
        'dst not registered here: it is connected to another node of Kontrol, and signals are forwarded only between kites that are connected to the same node',
    });
  });
});

it('a sign-in code is valid only at the Kontrol that created it', async () => {
  const storage = new FakeStorage();
  const page = pageFolder();
  const [here, there] = [await startKontrol({ storage, page }), await startKontrol({ storage, page })];
  const bob = await connect(here.kontrol, 'bob');
  const { code } = await bob.tell<{ code: string }>('signInCode');
  const other = await connect(there.kontrol, 'bob');
  await expect(other.tell('signIn', { code })).rejects.toMatchObject({ type: 'authenticationError' });
  expect(await bob.tell('signIn', { code })).toMatchObject({ username: 'bob' });
});

it('a kite registered over HTTP gets no WebRTC signals and no who queries', async () => {
  const { asking, origin } = await twoNodes();
  const web = await connectOverHttp(asking, origin);
  const reason = { type: 'genericError', code: 'notConnectedHere' };
  await expect(asking.tell('kite.handleWebRTC', { type: 'offer', dst: web })).rejects.toMatchObject({
    ...reason,
    message: 'dst not registered here: it registered over HTTP and has no connection',
  });
  const asked = asking.tell('getKites', { query: { id: web }, who: 'me' });
  await expect(asked).rejects.toMatchObject({
    ...reason,
    message: 'who: no matching kite is connected to this Kontrol',
  });
});

/** Registers one more kite, over HTTP. Resolves with its id. */
async function connectOverHttp({ kite, key }: Caller, origin: string): Promise<string> {
  const id = 'f7cd2e55-7e11-4a5f-9f0e-5a4a5b1d3c11';
  const auth = { type: 'kiteKey', key: key.jwt };
  const body = JSON.stringify({ url: MATH, kite: { ...kite.identity, id }, auth });
  expect((await fetch(`${origin}/register`, { method: 'POST', body })).status).toBe(200);
  return id;
}
