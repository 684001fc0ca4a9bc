import { describe, expect, it } from 'vitest';
import { openPolicy } from '../../../src/lib/kontrol.js';
import { type Caller, connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

const MATH = 'http://127.0.0.1:3636/kite';

describe('WebRTC signalling', () => {
  async function pair(webrtc: boolean) {
    const { kontrol } = await startKontrol({ webrtc });
    const [one, two] = [await connect(kontrol, 'bob'), await connect(kontrol, 'bob')];
    const got = new Promise<unknown>((resolve) => {
      two.kite.handle('kite.handleWebRTC', ({ args: [message] }) => {
        resolve(message);
        return null;
      });
    });
    await two.tell('register', { url: MATH });
    return { kontrol, one, two, got };
  }

  it('Kontrol relays a WebRTC signal with the id of the kite that sent it', async () => {
    const { one, two, got } = await pair(true);
    const message = { type: 'Offer', src: 'somebody', dst: two.kite.identity.id, payload: { sdp: 'x' } };
    await expect(one.tell('kite.handleWebRTC', message)).rejects.toThrow('src not registered');
    await one.tell('register', { url: MATH });
    expect(await one.tell('kite.handleWebRTC', message)).toBeNull();
    expect(await got).toEqual({ ...message, src: one.kite.identity.id, username: 'bob' });
  });

  it.each([{}, { type: '' }, { type: null }])(
    'Kontrol relays a WebRTC signal without a type, as %j, like the Go implementation',
    async (type) => {
      const { one, two, got } = await pair(true);
      await one.tell('register', { url: MATH });
      const message = { dst: two.kite.identity.id, payload: { msg: 'x' } };
      expect(await one.tell('kite.handleWebRTC', { ...message, ...type })).toBeNull();
      expect(await got).toEqual({ ...message, src: one.kite.identity.id, username: 'bob' });
    },
  );

  it('Kontrol lets a page end its sessions with pages that have lost their access, at each node', async () => {
    const storage = new FakeStorage();
    const options = { storage, webrtc: true, policy: openPolicy() };
    const [here, there] = [await startKontrol(options), await startKontrol(options)];
    const signals: Record<string, Record<string, unknown>[]> = { alice: [], bob: [], carol: [] };
    const page = async (username: string) => {
      const caller = await connect(there.kontrol, username);
      caller.kite.handle<[Record<string, unknown>]>('kite.handleWebRTC', ({ args: [signal] }) => {
        if (signal['type'] === 'leave') signals[username]?.push(signal);
        return null;
      });
      await caller.tell('register', { url: MATH });
      return caller;
    };
    const [alice, bob, carol] = [await page('alice'), await page('bob'), await page('carol')];
    const offer = (from: Caller, to: Caller) =>
      from.tell('kite.handleWebRTC', {
        type: 'offer',
        dst: to.kite.identity.id,
        payload: { session: 's' },
      });
    await offer(alice, bob);
    await offer(carol, alice);
    await here.kontrol.revokeKiteKey(alice.key.id);
    const left = (dst: string) => [
      { type: 'leave', src: alice.kite.identity.id, dst, payload: { session: '*' } },
    ];
    await expect.poll(() => signals['bob']).toEqual(left(bob.kite.identity.id));
    await expect.poll(() => signals['carol']).toEqual(left(carol.kite.identity.id));
    await here.kontrol.revokeUser('bob');
    await carol.tell('getKey');
    expect(signals['carol']).toHaveLength(1);
  });

  it('Kontrol rejects a malformed WebRTC signal, and relays none to kites of other users', async () => {
    const { kontrol, one, two } = await pair(true);
    await one.tell('register', { url: MATH });
    await expect(one.tell('kite.handleWebRTC', { type: 'offer' })).rejects.toThrow('dst not set');
    await expect(one.tell('kite.handleWebRTC', { type: 'offer', dst: 'x' })).rejects.toThrow(
      'dst not registered',
    );
    await expect(one.tell('kite.handleWebRTC', { type: 'x', dst: 'x' })).rejects.toThrow(
      'type must be one of',
    );
    await expect(one.tell('kite.handleWebRTC', { type: 1, dst: 'x' })).rejects.toThrow('type must be one of');
    await expect(one.tell('kite.handleWebRTC')).rejects.toThrow('dst not set');
    const mallory = await connect(kontrol, 'mallory');
    await mallory.tell('register', { url: MATH });
    const message = { type: 'offer', dst: two.kite.identity.id };
    await expect(mallory.tell('kite.handleWebRTC', message)).rejects.toThrow('dst not registered');
  });

  it('Kontrol bounds the pending WebRTC signals of each sender, and delivers those of others', async () => {
    const limits = { signalBytes: 10 * 1024 };
    const { kontrol } = await startKontrol({ webrtc: true, limits });
    const [flooding, other, two] = await Promise.all([
      connect(kontrol, 'bob'),
      connect(kontrol, 'bob'),
      connect(kontrol, 'bob'),
    ]);
    const taken: (() => void)[] = [];
    const got: unknown[] = [];
    two.kite.handle<[{ payload: unknown }]>('kite.handleWebRTC', ({ args: [{ payload }] }) => {
      got.push(payload);
      return new Promise<null>((resolve) => taken.push(() => resolve(null)));
    });
    for (const caller of [flooding, other, two]) await caller.tell('register', { url: MATH });
    const say = (caller: typeof two, payload: unknown): Promise<unknown> =>
      caller.tell('kite.handleWebRTC', { type: 'candidate', dst: two.kite.identity.id, payload });
    await expect(say(flooding, 'x'.repeat(10 * 1024))).rejects.toMatchObject({ type: 'requestLimitError' });
    // Short messages count as well.
    for (let n = 0; n < 10; n++) expect(await say(flooding, n)).toBeNull();
    await expect(say(flooding, 10)).rejects.toMatchObject({ type: 'requestLimitError' });
    expect(await say(other, 'hello')).toBeNull();
    await expect.poll(() => got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'hello']);
    taken[0]?.();
    await expect.poll(() => say(flooding, 'again').catch(() => undefined)).toBeNull();
  });

  it('Kontrol removes functions from a WebRTC signal', async () => {
    const { one, two, got } = await pair(true);
    await one.tell('register', { url: MATH });
    const payload = {
      session: 's',
      call: () => 'called',
      list: [() => 'called', 1],
    };
    await one.tell('kite.handleWebRTC', { type: 'offer', dst: two.kite.identity.id, payload });
    expect(await got).toMatchObject({ payload: { session: 's', list: [null, 1] } });
    const { payload: passed } = (await got) as { payload: object };
    expect(Object.keys(passed)).toEqual(['session', 'list']);
  });

  it('Kontrol waits for a kite to handle a WebRTC signal until it disconnects', async () => {
    const clock = new ManualClock();
    const limits = { idleTimeout: 0 };
    const { kontrol } = await startKontrol({ webrtc: true, clock, limits });
    const [one, two] = [
      await connect(kontrol, 'bob', { kite: { timeout: 0 } }),
      await connect(kontrol, 'bob', { kite: { limits } }),
    ];
    let take: (() => void) | undefined;
    two.kite.handle('kite.handleWebRTC', () => {
      return new Promise<string>((resolve) => {
        take = () => resolve('taken');
      });
    });
    for (const caller of [one, two]) await caller.tell('register', { url: MATH });
    const say = (): Promise<unknown> =>
      one.tell('kite.handleWebRTC', { type: 'message', dst: two.kite.identity.id, payload: {} });
    const first = say();
    await expect.poll(() => take).toBeDefined();
    // Longer than the timeout of other calls, and shorter than a heartbeat interval.
    clock.advance(20_000);
    take?.();
    expect(await first).toBe('taken');
    const second = say();
    take = undefined;
    await expect.poll(() => take).toBeDefined();
    two.close();
    await expect(second).rejects.toMatchObject({ type: 'disconnect' });
  });

  it('Kontrol does not relay WebRTC signals unless it is enabled', async () => {
    const { one } = await pair(false);
    await expect(one.tell('kite.handleWebRTC', {})).rejects.toMatchObject({ type: 'methodNotFound' });
  });
});
