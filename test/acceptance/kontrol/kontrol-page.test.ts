import { describe, expect, it } from 'vitest';
import { parseToken } from '../../../src/lib/keys/kite-token.js';
import type { KitesResult } from '../../../src/lib/kontrol/registry/kites-responses.js';
import { request } from '../../helpers/transport/http.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';
import { pageFolder } from '../../helpers/kontrol/page-folder.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';

describe("Kontrol's page", () => {
  it("Kontrol's page is not served unless it is enabled", async () => {
    const { kontrol, origin } = await startKontrol();
    expect((await request('GET', `${origin}/`)).status).toBe(404);
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell('signInCode')).rejects.toMatchObject({ type: 'methodNotFound' });
    await expect(bob.tell('signIn', { code: 'x' })).rejects.toMatchObject({ type: 'methodNotFound' });
  });

  it("Kontrol's page has a content security policy that runs only its own files", async () => {
    const { origin } = await startKontrol({ page: pageFolder() });
    const { status, headers, body } = await request('GET', `${origin}/?x=1`);
    expect({ status, body }).toEqual({ status: 200, body: '<!doctype html>' });
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain(
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect((await request('GET', `${origin}/a.js`)).headers['content-type']).toContain('text/javascript');
  });

  it("Kontrol's page is sent again only if it has changed", async () => {
    const { origin } = await startKontrol({ page: pageFolder() });
    const { etag = '' } = (await request('GET', `${origin}/a.js`)).headers;
    const again = await request('GET', `${origin}/a.js`, { headers: { 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, body: '' });
    const head = await request('HEAD', `${origin}/a.js`);
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '1' } });
  });

  it("Kontrol's page serves no files outside its list and accepts only reads", async () => {
    const { origin } = await startKontrol({ page: pageFolder({ 'index.html': '', 'secret.txt': 'x' }) });
    const status = async (method: string, url: string): Promise<number> =>
      (await request(method, `${origin}${url}`)).status;
    expect(await status('POST', '/')).toBe(405);
    for (const url of ['/secret.txt', '/..%2f..%2fetc%2fpasswd', '//index.html', '/kite.key'])
      expect(await status('GET', url)).toBe(404);
    // The existing paths are still served.
    expect(await status('GET', '/healthz')).toBe(200);
    expect(await status('GET', '/kite/info')).toBe(200);
  });

  it("Kontrol's page is not served for other hosts or to other origins", async () => {
    const { origin } = await startKontrol({ page: pageFolder() });
    expect((await request('GET', `${origin}/`, { headers: { host: 'evil.example' } })).status).toBe(403);
    const headers = { origin: 'http://evil.example' };
    expect((await request('GET', `${origin}/`, { headers })).status).toBe(403);
  });

  it('Kontrol does not start if the folder of its page does not exist', async () => {
    await expect(startKontrol({ page: '/nowhere' })).rejects.toThrow(/page cannot be read from \/nowhere/);
  });
});

describe('signing in at the page', () => {
  it("Kontrol's page accepts a sign-in code once", async () => {
    const { kontrol, url } = await startKontrol({ page: pageFolder() });
    const bob = await connect(kontrol, 'bob');
    const { code, ttl } = await bob.tell<{ code: string; ttl: number }>('signInCode');
    expect(ttl).toBe(120_000);
    const page = bob.kite.newClient(url, { auth: null });
    await page.dial();
    const signedIn = await page.tell<{ username: string; token: string }>('signIn', { code });
    expect(signedIn.username).toBe('bob');
    expect(parseToken(signedIn.token)).toMatchObject({
      username: 'bob',
      audience: '/kontrol/unknown/kontrol',
    });
    await expect(page.tell('signIn', { code })).rejects.toMatchObject({
      type: 'authenticationError',
      message: expect.stringContaining('kitectl kontrol ui') as string,
    });
  });

  it("a token of Kontrol's page cannot register kites or create sign-in codes", async () => {
    const { kontrol, url } = await startKontrol({ page: pageFolder() });
    const bob = await connect(kontrol, 'bob');
    const { code } = await bob.tell<{ code: string }>('signInCode');
    const { token } = await bob.tell<{ token: string }>('signIn', { code });
    const page = bob.kite.newClient(url, { auth: { type: 'token', key: token } });
    await page.dial();
    expect(await page.tell('getKites', { query: { username: 'kontrol' } })).toMatchObject({ kites: [{}] });
    for (const [method, argument] of [
      ['register', { url: 'http://127.0.0.1:1/kite' }],
      ['signInCode', undefined],
      ['getKey', undefined],
      ['kontrol.status', undefined],
    ] as const)
      await expect(page.tell(method, argument)).rejects.toMatchObject({ type: 'authenticationError' });
  });

  it("Kontrol's page rejects expired and malformed sign-in codes", async () => {
    const clock = new ManualClock();
    const { kontrol } = await startKontrol({ page: pageFolder(), clock, limits: { idleTimeout: 0 } });
    const bob = await connect(kontrol, 'bob', { kite: { clock, limits: { idleTimeout: 0 } } });
    const { code } = await bob.tell<{ code: string }>('signInCode');
    for (const guess of [
      undefined,
      null,
      7,
      {},
      { code: 7 },
      { code: '' },
      { code: ['x'] },
      { code: 'x'.repeat(32) },
    ])
      await expect(bob.tell('signIn', guess)).rejects.toMatchObject({ type: 'authenticationError' });
    clock.advance(120_000);
    await expect(bob.tell('signIn', { code })).rejects.toMatchObject({ code: 'signInCode' });
  });

  it('Kontrol issues a sign-in code only for a kite key', async () => {
    const { kontrol, url } = await startKontrol({ page: pageFolder() });
    const bob = await connect(kontrol, 'bob');
    const stranger = bob.kite.newClient(url, { auth: null });
    await stranger.dial();
    await expect(stranger.tell('signInCode')).rejects.toMatchObject({ type: 'authenticationError' });
  });
});

describe('an empty query', () => {
  it('an empty query finds every kite that the policy allows, with its registration time', async () => {
    const clock = new ManualClock();
    const { kontrol } = await startKontrol({ clock, limits: { idleTimeout: 0 } });
    const [bob, alice, admin] = await Promise.all(
      ['bob', 'alice', 'kontrol'].map((user) => connect(kontrol, user, { kite: { clock } })),
    );
    const before = clock.now();
    clock.advance(5000);
    await bob?.tell('register', { url: 'http://127.0.0.1:3636/kite' });
    const found = async (caller: typeof bob): Promise<unknown[]> => {
      const result = await caller?.tell<KitesResult>('getKites', { query: {} });
      return (result?.kites ?? [])
        .map(({ kite, token, registeredAt }) => [kite.username, token !== '', registeredAt - before])
        .toSorted(([a], [b]) => String(a).localeCompare(String(b)));
    };
    expect(await found(bob)).toEqual([
      ['bob', true, 5000],
      ['kontrol', true, 0],
    ]);
    expect(await found(alice)).toEqual([['kontrol', true, 0]]);
    // Kontrol's own user sees every kite, and can call none of them.
    expect(await found(admin)).toEqual([
      ['bob', false, 5000],
      ['kontrol', true, 0],
    ]);
  });

  it('an empty query watches every kite that the policy allows', async () => {
    const { kontrol } = await startKontrol();
    const [bob, alice] = await Promise.all([connect(kontrol, 'bob'), connect(kontrol, 'alice')]);
    const events = (caller: typeof bob): Promise<string[]> => {
      const received: string[] = [];
      const watchCallback = ({ result }: { result: { action: string; kite: { username: string } } }): void =>
        void received.push(`${result.action} ${result.kite.username}`);
      return caller.subscribe('getKites', { query: {}, watchCallback }).then(() => received);
    };
    const [ofBob, ofAlice] = [await events(bob), await events(alice)];
    await bob.tell('register', { url: 'http://127.0.0.1:3636/kite' });
    await expect.poll(() => ofBob).toEqual(['REGISTER bob']);
    bob.close();
    await alice.tell('register', { url: 'http://127.0.0.1:3637/kite' });
    await expect.poll(() => ofAlice).toEqual(['REGISTER alice']);
  });

  it('an empty query gets no token, because a token is for one kite', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    await expect(bob.tell('getToken', {})).rejects.toThrow('Empty username field');
  });
});
