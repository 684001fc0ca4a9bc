import { describe, expect, it } from 'vitest';
import { parseKiteKey } from '../../../src/lib/keys/index.js';
import { openPolicy } from '../../../src/lib/kontrol.js';
import type { KiteWithToken } from '../../../src/lib/kontrol/registry/kites-responses.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

interface Kites {
  readonly kites: KiteWithToken[];
}

const MATH = 'http://127.0.0.1:3636/kite';
const query = { username: 'bob', environment: 'prod', name: 'math' };

describe('key pairs', () => {
  it('a rotated key pair stays valid, and each kite gets a new kite key when it registers', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const oldKey = await math.tell<string>('getKey');
    const { publicKey } = await kontrol.rotate();
    const { kites } = await math.tell<Kites>('getKites', { query });
    // The kite still trusts the old pair, and gets tokens that it accepts.
    expect(kites[0]?.keyId).toBe(kontrol.keyPairs().find((pair) => pair.publicKey === oldKey)?.id);
    const fresh = await math.tell<{ kiteKey: string; publicKey: string }>('register', { url: MATH });
    expect(fresh.publicKey).toBe(publicKey);
    expect(parseKiteKey(fresh.kiteKey)).toMatchObject({ username: 'bob', kontrolKey: publicKey });
    expect(await math.tell('getKey')).toBe(publicKey);
    const again = await connect(kontrol, 'bob', { key: fresh.kiteKey });
    expect(Object.keys(await again.tell<object>('register', { url: MATH }))).not.toContain('kiteKey');
    const after = await again.tell<Kites>('getKites', { query });
    expect(after.kites.every(({ keyId }) => keyId === kontrol.keyPairs()[0]?.id)).toBe(true);
  });

  it('revoking a key pair ends the registrations made with it, and signs nothing again', async () => {
    const { kontrol } = await startKontrol();
    const math = await connect(kontrol, 'bob');
    await math.tell('register', { url: MATH });
    const id = kontrol.keyPairs()[0]?.id ?? '';
    await kontrol.revoke(id);
    const refused = { type: 'authenticationError', message: expect.stringContaining('was revoked') };
    const forged = await connect(kontrol, 'bob', { key: math.key.jwt });
    await expect(forged.tell('register', { url: MATH })).rejects.toMatchObject(refused);
    await expect(forged.tell('getKey')).rejects.toMatchObject(refused);
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell('getKites', { query })).rejects.toThrow('no kites found');
  });

  it('Kontrol reports revoked key pairs to each kite that registers and to those that watch them', async () => {
    const { kontrol, origin } = await startKontrol();
    const old = kontrol.keyPairs()[0]?.publicKey ?? '';
    const stays = await connect(kontrol, 'bob');
    expect(await stays.tell('register', { url: MATH })).toEqual({ url: MATH, heartbeatInterval: 0 });
    await kontrol.rotate();
    const math = await connect(kontrol, 'bob');
    const notified: unknown[] = [];
    expect(await math.subscribe('watchKeys', (keys: unknown) => notified.push(keys))).toEqual({
      revokedKeys: [],
      revokedKiteKeys: [],
    });
    await kontrol.revoke(kontrol.keyPairs()[1]?.id ?? '');
    expect(await math.tell('register', { url: MATH })).toEqual({
      url: MATH,
      heartbeatInterval: 0,
      revokedKeys: [old],
    });
    expect(notified).toEqual([[old]]);
    expect(await math.subscribe('watchKeys', () => {})).toMatchObject({ revokedKeys: [old] });
    const body = { url: MATH, kite: math.kite.identity, auth: { type: 'kiteKey', key: math.key.jwt } };
    const answer = await fetch(`${origin}/register`, { method: 'POST', body: JSON.stringify(body) });
    expect(await answer.json()).toMatchObject({ revokedKeys: [old] });
    // Only revocations are reported.
    await kontrol.rotate();
    await math.tell('kite.ping');
    expect(notified).toHaveLength(1);
    for (const argument of [undefined, 'x', {}])
      await expect(math.tell('watchKeys', argument)).rejects.toMatchObject({ type: 'argumentError' });
    const again = await connect(kontrol, 'bob', { key: stays.key.jwt });
    await expect(again.tell('getKey')).rejects.toMatchObject({ code: 'keyPairRevoked' });
  });

  it('Kontrol has kites registered over HTTP register again, once, after a key pair is revoked', async () => {
    const { kontrol, origin } = await startKontrol();
    const beat = async (): Promise<string> => (await fetch(`${origin}/heartbeat?id=${id}`)).text();
    await kontrol.rotate();
    const { key, kite } = await connect(kontrol, 'bob');
    const { id } = kite.identity;
    const body = JSON.stringify({ url: MATH, kite: kite.identity, auth: { type: 'kiteKey', key: key.jwt } });
    const register = (): Promise<Response> => fetch(`${origin}/register`, { method: 'POST', body });
    await register();
    expect(await beat()).toBe('pong');
    await kontrol.revoke(kontrol.keyPairs()[1]?.id ?? '');
    // It is found until its lease expires.
    expect((await kite.getKites(query)).length).toBe(1);
    expect(await beat()).toBe('registeragain');
    expect(await (await register()).json()).toMatchObject({
      revokedKeys: [kontrol.keyPairs()[1]?.publicKey],
    });
    expect(await beat()).toBe('pong');
  });

  it('a kite key that was revoked by its id stays rejected after a rotation', async () => {
    const { kontrol } = await startKontrol();
    const [math, other] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    await math.tell('register', { url: MATH });
    await kontrol.revokeKiteKey(math.key.id);
    await expect(other.tell('getKites', { query })).rejects.toThrow('no kites found');
    const again = await connect(kontrol, 'bob', { key: math.key.jwt });
    await expect(again.tell('register', { url: MATH })).rejects.toThrow('it was revoked');
  });
});

describe('registerMachine', () => {
  async function stranger(kontrol: Parameters<typeof connect>[0], answer?: () => string) {
    const caller = await connect(kontrol, 'newcomer');
    const asked: unknown[] = [];
    if (answer) {
      caller.kite.handle('kite.getPass', ({ args: [text] }) => {
        asked.push(text);
        return answer();
      });
    }
    return { ...caller, asked };
  }

  it('registerMachine prompts for the invite and issues a kite key for it once', async () => {
    const { kontrol, storage } = await startKontrol();
    const invite = await kontrol.invite('dave');
    expect(JSON.stringify([...storage.pendingInvites.values()])).not.toContain(invite);
    const { tell, asked } = await stranger(kontrol, () => `${invite}\n`);
    const key = parseKiteKey(await tell('registerMachine', 'dave'));
    expect(key).toMatchObject({ username: 'dave', kontrolUser: 'kontrol', kontrolUrl: kontrol.url });
    expect(asked).toEqual(['Invite for dave: ']);
    await expect(tell('registerMachine', 'dave')).rejects.toMatchObject({ code: 'badInvite' });
    const dave = await connect(kontrol, 'dave', { key: key.jwt });
    await expect(dave.tell('getKites', { query: { username: 'dave' } })).rejects.toThrow('no kites found');
  });

  it('registerMachine prompts once per connection and eight times per address at a time, and releases them on disconnect', async () => {
    const clock = new ManualClock();
    const { kontrol } = await startKontrol({ clock });
    const limited = { type: 'requestLimitError' };
    const pending: Promise<unknown>[] = [];
    const callers: { close(): void }[] = [];
    /** A user who is being prompted for an invite. */
    const promptedUser = async () => {
      const caller = await connect(kontrol, 'x', { kite: { kiteKey: false, clock, timeout: 0 } });
      // Otherwise its kite waits for the prompt when it closes.
      callers.push(caller);
      const asked = new Promise<void>((resolve) => {
        caller.kite.handle('kite.getPass', () => {
          resolve();
          return new Promise(() => {});
        });
      });
      const registered = caller.tell('registerMachine', 'dave');
      pending.push(registered.catch((error: unknown) => error));
      await Promise.race([asked, registered]);
      return caller;
    };
    const people = [];
    for (let i = 0; i < 8; i++) people.push(await promptedUser());
    await expect(promptedUser()).rejects.toMatchObject(limited);
    const gone = new Promise((resolve) => kontrol.kite.once('disconnect', resolve));
    people[0]?.close();
    await gone;
    const last = await promptedUser();
    clock.advance(6000);
    await expect(last.tell('registerMachine', 'dave')).rejects.toMatchObject(limited);
    // Their timeout has passed, and their slots are free.
    clock.leap(114_000);
    expect(await pending[7]).toMatchObject({ code: 'inviteNeeded' });
    await promptedUser();
    for (const caller of callers) caller.close();
  });

  it('registerMachine takes the invite as an argument, for its own user only', async () => {
    const { kontrol } = await startKontrol();
    const invite = await kontrol.invite('dave');
    const { tell } = await stranger(kontrol);
    await expect(tell('registerMachine', { invite })).rejects.toMatchObject({
      type: 'authenticationError',
      code: 'badInvite',
    });
    await expect(tell('registerMachine', { authType: '' })).rejects.toMatchObject({ code: 'inviteNeeded' });
  });

  it('registerMachine rejects an expired invite', async () => {
    const { kontrol } = await startKontrol();
    const invite = await kontrol.invite('newcomer', { ttl: -1 });
    const { tell } = await stranger(kontrol);
    await expect(tell('registerMachine', { invite })).rejects.toMatchObject({ code: 'badInvite' });
  });

  it("registerMachine requires no invite if registration is open, except for Kontrol's own user", async () => {
    const { kontrol } = await startKontrol({ registration: 'open' });
    const { tell } = await stranger(kontrol);
    expect(parseKiteKey(await tell('registerMachine', { authType: '' })).username).toBe('newcomer');
    await expect(tell('registerMachine', 'kontrol')).rejects.toMatchObject({ type: 'authenticationError' });
  });

  it('registerMachine rejects the eleventh attempt from an address', async () => {
    const { kontrol } = await startKontrol({ registration: 'open' });
    const { tell } = await stranger(kontrol);
    for (let i = 0; i < 10; i++) await tell('registerMachine', `user${i}`);
    await expect(tell('registerMachine', 'user10')).rejects.toMatchObject({ type: 'requestLimitError' });
  });

  it('open registration is rejected beyond loopback unless it is forced', async () => {
    const options = { registration: 'open', ip: '0.0.0.0' } as const;
    await expect(startKontrol(options)).rejects.toMatchObject({ code: 'openRegistration' });
    await startKontrol({ ...options, forceOpenRegistration: true });
  });
});

describe('administration', () => {
  const methods = ['status', 'invite', 'keys', 'rotateKeys', 'revokeKeyPair', 'revokeKiteKey'];

  it.each(methods)("kontrol.%s is only for Kontrol's own user with its kite key", async (method) => {
    const { kontrol } = await startKontrol({ policy: openPolicy() });
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell(`kontrol.${method}`)).rejects.toMatchObject({ type: 'authenticationError' });
    const token = await bob.tell<string>('getToken', { username: 'kontrol' });
    const client = bob.kite.newClient(kontrol.url, { auth: { type: 'token', key: token } });
    await client.dial();
    await expect(client.tell(`kontrol.${method}`)).rejects.toMatchObject({ type: 'authenticationError' });
    expect(kontrol.keyPairs()).toHaveLength(1);
  });

  it("Kontrol's own user rotates, lists and revokes keys, creates invites, and gets the status", async () => {
    const { kontrol } = await startKontrol({ keyPair: await testKeyPair(1) });
    const { tell } = await connect(kontrol, 'kontrol');
    const { id } = await tell<{ id: string }>('kontrol.rotateKeys');
    const listed = await tell<Record<string, unknown>[]>('kontrol.keys');
    expect(listed.map(({ id: other, state }) => [other === id, state])).toEqual([
      [true, 'active'],
      [false, 'retired'],
    ]);
    expect(JSON.stringify(listed)).not.toContain('PRIVATE');
    expect(await tell('kontrol.status')).toMatchObject({
      kites: 1,
      storage: { name: 'memory', online: true },
      policy: 'own',
      registration: 'invite',
      keyId: id,
    });
    const invite = await tell<string>('kontrol.invite', { username: 'kontrol' });
    expect(parseKiteKey(await tell('registerMachine', { invite })).username).toBe('kontrol');
  });
});
