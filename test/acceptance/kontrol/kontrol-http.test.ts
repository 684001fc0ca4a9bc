import { describe, expect, it } from 'vitest';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { decodeJwt, signJwt } from '../../../src/lib/keys/index.js';
import { parsePolicy } from '../../../src/lib/kontrol.js';
import { testIdentity, testKeyPair, testKiteKey, testToken } from '../../helpers/kite/keys.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { ManualClock } from '../../helpers/process/manual-clock.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { silentLogger } from '../../../src/lib/util/logger.js';
import type { Kontrol } from '../../../src/lib/kontrol.js';

const MATH = 'http://127.0.0.1:3636/kite';

async function body(
  kontrol: Kontrol,
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('alice') };
  return { url: MATH, kite: testIdentity(), auth, ...changes };
}

async function post(origin: string, content: unknown): Promise<[number, unknown]> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const response = await fetch(`${origin}/register`, { method: 'POST', body: text });
  return [response.status, await response.json()];
}

async function get(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

describe('a kite that registers over HTTP', () => {
  it('a kite registered over HTTP is found until 30 seconds after its last heartbeat, and then registers again', async () => {
    const clock = new ManualClock();
    const { kontrol, origin, storage } = await startKontrol({ clock });
    expect(await post(origin, await body(kontrol))).toEqual([200, { url: MATH, heartbeatInterval: 10 }]);
    const beat = `${origin}/heartbeat?id=${testIdentity().id}`;
    clock.advance(29_000);
    expect(await get(beat)).toEqual([200, 'pong']);
    clock.advance(29_000);
    expect(await get(beat)).toEqual([200, 'pong']);
    clock.advance(32_000);
    expect(await get(beat)).toEqual([200, 'registeragain']);
    expect(storage.stored.has(testIdentity().id)).toBe(false);
    expect(await post(origin, await body(kontrol))).toMatchObject([200, { url: MATH }]);
    expect(await get(beat)).toEqual([200, 'pong']);
  });

  it('a kite that registers over HTTP gets a new kite key after a rotation', async () => {
    const { kontrol, origin } = await startKontrol();
    const content = await body(kontrol);
    const { publicKey } = await kontrol.rotate();
    const [, answer] = await post(origin, content);
    expect(answer).toMatchObject({ publicKey, kiteKey: expect.stringContaining('.') });
  });

  it('a kite that registers over HTTP is rejected if the policy denies it', async () => {
    const policy = parsePolicy('{"base":"none"}', 'kontrol', 'none.json');
    const { kontrol, origin } = await startKontrol({ policy });
    expect(await post(origin, await body(kontrol))).toEqual([
      401,
      { err: expect.stringContaining('The policy of this Kontrol does not allow alice to register') },
    ]);
  });
});

describe('malformed requests to POST /register', () => {
  it('a stranger whose connection ends within the body of POST /register does not fill the log', async () => {
    const errors: string[] = [];
    let noteRefusal: () => void = () => {};
    const refused = new Promise<void>((resolve) => {
      noteRefusal = resolve;
    });
    const { kontrol } = await startKontrol({
      logger: { ...silentLogger, error: (message) => void errors.push(message) },
      audit: ({ action }) => {
        if (action === 'refuse') noteRefusal();
      },
    });
    const socket = connect(kontrol.kite.port ?? 0, '127.0.0.1');
    const head = 'POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{';
    socket.write(head, () => socket.destroy());
    await refused;
    expect(errors).toEqual([]);
  });

  const kite = (changes: Record<string, unknown>) => ({ kite: { ...testIdentity(), ...changes } });
  const megabyte = 'x'.repeat(1024 * 1024);

  it.each<[string, Record<string, unknown>, number, string]>([
    ['a missing url', { url: undefined }, 400, 'empty url'],
    ['an empty url', { url: '' }, 400, 'empty url'],
    ['a url that is a number', { url: 7 }, 400, 'invalid register URL'],
    ['a malformed url', { url: 'math' }, 400, 'invalid register URL'],
    ['a url of another scheme', { url: 'file:///etc/passwd' }, 400, 'invalid register URL'],
    ['a url with a line break', { url: 'http://a/\nb' }, 400, 'invalid register URL'],
    ['a missing kite', { kite: undefined }, 400, "The kite's environment is empty"],
    ['a kite that is a string', { kite: 'math' }, 400, 'is empty'],
    ['a kite without a name', kite({ name: undefined }), 400, "The kite's name is empty"],
    ['a name that is a number', kite({ name: 7 }), 400, "The kite's name is empty"],
    ['a name with a slash', kite({ name: 'a/b' }), 400, 'name contains "/"'],
    ['a name that is ..', kite({ name: '..' }), 400, 'name is not a valid name'],
    ['an id with a slash', kite({ id: '../x' }), 400, 'id contains "/"'],
    [
      'a control character',
      kite({ hostname: 'a\u001b[2J' }),
      400,
      'contains control, invisible or bidirectional characters',
    ],
    ['a long region', kite({ region: 'x'.repeat(257) }), 400, 'longer than 256'],
    ['a malformed version', kite({ version: 'latest' }), 400, 'is not a valid version'],
    ['a name of 1 MiB', kite({ name: megabyte }), 400, 'longer than 65536 bytes'],
    ['missing auth', { auth: undefined }, 401, 'No authentication information is provided'],
    ['auth that is a string', { auth: 'kiteKey' }, 401, 'No authentication information is provided'],
    [
      'auth of another type',
      { auth: { type: 'token', key: 'x' } },
      401,
      'Unexpected authentication type: token',
    ],
    ['a key that is not a string', { auth: { type: 'kiteKey', key: {} } }, 401, 'kiteKey: malformed JWT'],
    ['a malformed key', { auth: { type: 'kiteKey', key: 'a.b.c' } }, 401, 'kiteKey: malformed JWT'],
  ])('POST /register rejects %s', async (_name, changes, status, reason) => {
    const { kontrol, origin } = await startKontrol();
    const answer = await post(origin, await body(kontrol, changes));
    expect(answer).toEqual([status, { err: expect.stringContaining(reason) }]);
    expect(kontrol.status().kites).toBe(1);
    expect(await post(origin, await body(kontrol))).toMatchObject([200, {}]);
  });

  it.each(['', '{', 'null', '[]', '7', '"x"'])('POST /register rejects the body %s', async (text) => {
    const { origin } = await startKontrol();
    expect(await post(origin, text)).toEqual([
      400,
      { err: expect.stringMatching(/the body is not (?:valid JSON|a JSON object)/) },
    ]);
  });

  it('POST /register rejects every kite key of another issuer', async () => {
    const { kontrol, origin } = await startKontrol();
    const [own, foreign] = [await testKeyPair(0), await testKeyPair(1)];
    const { claims } = decodeJwt(await kontrol.newKiteKey('alice'));
    const now = Date.now() / 1000;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hs256 = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const keys: [string, string, string][] = [
      ['alg none', `${part({ alg: 'none' })}.${part(claims)}.`, 'the algorithm is not RS256'],
      [
        'HS256 with the public key',
        `${hs256}.${createHmac('sha256', own.publicKey).update(hs256).digest('base64url')}`,
        'the algorithm is not RS256',
      ],
      ['signed by another key', signJwt(claims, foreign.privateKey), 'the signature is invalid'],
      [
        'with a kontrolKey of its own making',
        testKiteKey('alice', foreign, systemClock).jwt,
        'it was not signed by this Kontrol',
      ],
      ['expired', signJwt({ ...claims, exp: now - 3600 }, own.privateKey), 'it has expired'],
      ['not yet valid', signJwt({ ...claims, nbf: now + 3600 }, own.privateKey), 'it is not valid yet'],
      ['a token', testToken('alice', '/alice', own, systemClock), 'it is not a kite key'],
      [
        'without a user',
        signJwt({ ...claims, sub: '' }, own.privateKey),
        'it is not a kite key: "sub" is missing',
      ],
      ['longer than any', 'x'.repeat(60_000), 'it is longer than'],
    ];
    for (const [, key, reason] of keys) {
      const answer = await post(origin, await body(kontrol, { auth: { type: 'kiteKey', key } }));
      const code = reason === 'it has expired' ? { code: 'kiteKeyExpired' } : {};
      expect(answer).toEqual([401, { err: expect.stringContaining(`kiteKey: ${reason}`), ...code }]);
    }
    expect(kontrol.status().kites).toBe(1);
  });

  it('POST /register rejects other HTTP methods', async () => {
    const { origin } = await startKontrol();
    const response = await fetch(`${origin}/register`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

it("Kontrol's own id cannot be registered, even by its own user", async () => {
  const { kontrol, origin } = await startKontrol();
  const auth = { type: 'kiteKey', key: await kontrol.newKiteKey('kontrol') };
  const answer = await post(origin, { url: MATH, kite: kontrol.kite.identity, auth });
  expect(answer).toEqual([400, { err: expect.stringContaining('reserved for Kontrol') }]);
});

describe('GET /heartbeat', () => {
  it('GET /heartbeat requires an id', async () => {
    const { origin } = await startKontrol();
    expect(await get(`${origin}/heartbeat`)).toEqual([400, '{"err":"missing or empty id"}\n']);
    expect(await get(`${origin}/heartbeat?id=`)).toEqual([400, '{"err":"missing or empty id"}\n']);
  });

  it.each([
    ['unknown', 'unknown'],
    ['of slashes and dots', '..%2F..%2Fx'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['of a zero byte', '%00'],
    ['with a broken URL encoding', '%'],
    ['of 8,000 characters', 'x'.repeat(8000)],
  ])(
    'GET /heartbeat for the id %s without a registration answers that the kite must register',
    async (_name, id) => {
      const { origin } = await startKontrol();
      expect(await get(`${origin}/heartbeat?id=${id}`)).toEqual([200, 'registeragain']);
    },
  );

  it('GET /heartbeat does not keep a kite alive that did not register over HTTP', async () => {
    const { kontrol, origin } = await startKontrol();
    const { id } = kontrol.kite.identity;
    expect(await get(`${origin}/heartbeat?id=${id}`)).toEqual([200, 'registeragain']);
  });
});

describe('the status of Kontrol over HTTP', () => {
  it('/healthz, /readyz and /metrics report the status of Kontrol', async () => {
    const { kontrol, origin } = await startKontrol();
    expect(await get(`${origin}/healthz`)).toEqual([200, 'ok\n']);
    expect(await get(`${origin}/readyz`)).toEqual([200, 'ready\n']);
    await post(origin, await body(kontrol));
    await post(origin, {});
    const [status, text] = await get(`${origin}/metrics`);
    expect(status).toBe(200);
    for (const line of [
      'kontrol_kites 2',
      'kontrol_store_up 1',
      'kontrol_registrations_total{transport="http"} 1',
      'kontrol_registrations_refused_total{transport="http"} 1',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('/readyz and /metrics report that the clock of the machine differs from that of the store, and Kontrol is ready', async () => {
    const storage = new FakeStorage();
    storage.time = () => Date.now() + 45_000;
    const { origin } = await startKontrol({ storage });
    const remark = 'ready: the clock of this machine is 45s behind that of the store\n';
    expect(await get(`${origin}/readyz`)).toEqual([200, remark]);
    const [, text] = await get(`${origin}/metrics`);
    expect(Number(/^kontrol_clock_difference_seconds (\S+)$/m.exec(text)?.[1])).toBeCloseTo(45, 0);
  });

  it('the metrics of each Kontrol in a process are separate', async () => {
    const [one, two] = [await startKontrol(), await startKontrol()];
    await post(one.origin, await body(one.kontrol));
    expect((await get(`${one.origin}/metrics`))[1]).toContain('kontrol_kites 2\n');
    expect((await get(`${two.origin}/metrics`))[1]).toContain('kontrol_kites 1\n');
  });
});
