import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteEvent, type RemoteKite } from '../../../src/lib/index.js';
import { parseToken } from '../../../src/lib/keys/kite-token.js';
import { openPolicy, parsePolicy } from '../../../src/lib/kontrol.js';
import { kitePath } from '../../../src/lib/protocol/identity.js';
import { parseQueryPath, searchMatcher } from '../../../src/lib/protocol/query.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { testIdentity } from '../../helpers/kite/keys.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { connect, startKontrol } from '../../helpers/kontrol/kontrol.js';

/** A Kontrol under test. */
interface Place {
  readonly url: string;
  readonly keyOf: (username: string) => Promise<string>;
  /** Whether it answers queries without a username. */
  readonly allUsers: boolean;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'this Kontrol': async () => {
    const { kontrol, url } = await startKontrol({ policy: openPolicy() });
    return { url, keyOf: (username) => kontrol.newKiteKey(username), allUsers: true };
  },
  'a Kontrol that ignores globs, like 0.1': async () => {
    const { kontrol, url } = await startKontrol({ policy: openPolicy() });
    kontrol.kite.use((request, next) => {
      const [argument] = request.args;
      if (typeof argument === 'object' && argument !== null) Reflect.deleteProperty(argument, 'glob');
      return next();
    });
    return { url, keyOf: (username) => kontrol.newKiteKey(username), allUsers: true };
  },
  'a Kontrol of Go': async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    return { url: kontrol.url, keyOf: async (username) => kontrol.keyOf(username), allUsers: false };
  },
};

async function newKite(
  place: Place,
  username: string,
  name: string,
  environment = 'prod',
  version = '1.0.0',
) {
  const kite = new Kite(name, version, {
    kiteKey: await place.keyOf(username),
    kontrolUrl: place.url,
    environment,
    region: `eu-${name.length}`,
    port: 0,
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close({ drainTimeout: 0 }));
  return kite;
}

async function register(place: Place, ...[username, name, environment, version]: string[]): Promise<Kite> {
  const kite = await newKite(place, username ?? '', name ?? '', environment, version);
  kite.handle('name', () => `${environment}/${name}`);
  await kite.listen();
  await kite.registerForever();
  return kite;
}

const FLEET = [
  ['bob', 'math', 'prod', '1.2.0'],
  ['bob', 'math', 'test', '2.0.0'],
  ['bob', 'maths', 'prod', '1.9.9'],
  ['bob', 'text', 'prod', '1.0.0'],
  ['carol', 'math', 'prod', '1.2.0'],
] as const;

/** Globs, and the places of the fleet that they match. */
const QUERIES: readonly (readonly [path: string, indexes: readonly number[]])[] = [
  ['/bob/*/math', [0, 1]],
  ['/bob/prod/ma*', [0, 2]],
  ['/bob/*/mat?s', [2]],
  ['/bob/*/*/1.*', [0, 2, 3]],
  ['/bob/*/*/>= 1.1, < 2.0', [0, 2]],
  ['/bob/prod/*/*/eu-4', [0, 3]],
  ['/bob/*/nothing*', []],
  ['/*/prod/math', [0, 4]],
  ['/?ob/*', [0, 1, 2, 3]],
];

const paths = (kites: readonly { kite: Kite['identity'] }[]): string[] =>
  kites.map(({ kite }) => kitePath(kite)).toSorted();

/** The audience of the token of a kite covers the kites of its name only. */
function expectNarrowTokens(kites: readonly RemoteKite[]): void {
  for (const { kite, token } of kites)
    expect(parseToken(token).audience).toBe(`/${kite.username}/${kite.environment}/${kite.name}`);
}

describe.each(Object.entries(PLACES))('globs at %s', (_name, open) => {
  it(`globs find kites, watch them, get tokens and serve calls at ${_name}`, async () => {
    const place = await open();
    const fleet: Kite[] = [];
    for (const kite of FLEET) fleet.push(await register(place, ...kite));
    const alice = await newKite(place, 'alice', 'caller');
    let used = 0;
    for (const [path, indexes] of QUERIES) {
      const query = parseQueryPath(path);
      const expected = paths(indexes.flatMap((index) => ({ kite: (fleet[index] as Kite).identity })));
      if (!place.allUsers && path.startsWith('/?ob')) {
        for (const use of [alice.getKites(query), alice.watchKites(query, () => {}), alice.getToken(query)])
          await expect(use).rejects.toMatchObject({ code: 'noGlobs' });
        used += 3;
        continue;
      }
      if (!place.allUsers && path.startsWith('/*')) {
        await expect(alice.getKites(query)).rejects.toThrow('write the username');
        used++;
        continue;
      }
      const found = await alice.getKites(query);
      expect([path, paths(found)]).toEqual([path, expected]);
      expectNarrowTokens(found);
      const token = alice.getToken(query);
      if (expected.length === 1)
        expect(parseToken(await token).audience).toBe(expected[0]?.split('/', 4).join('/'));
      else
        await expect(token).rejects.toThrow(
          expected.length === 0 ? 'no kites found' : 'query matches more than one kite',
        );
      if (expected.length === 1) await expect(alice.getToken(query, { force: true })).resolves.toMatch(/^ey/);
      used += 2;
      if (expected.length === 0) continue;
      const service = alice.service(path);
      const answers: string[] = [];
      for await (const { result } of service.all('name')) answers.push(String(result));
      expect([path, answers.toSorted()]).toEqual([
        path,
        indexes.map((index) => `${FLEET[index]?.[2]}/${FLEET[index]?.[1]}`).toSorted(),
      ]);
      service.close();
      used++;
    }
    console.log(`globs: ${used} uses at ${_name}`);
    expect(used).toBeGreaterThanOrEqual(20);
  });
});

describe('a watch with globs', () => {
  it.each(Object.keys(PLACES).slice(0, 2))(
    'a watch with globs reports the kites that match, and no others, at %s',
    async (name) => {
      const place = await (PLACES[name] as () => Promise<Place>)();
      const first = await register(place, 'bob', 'math', 'prod');
      await register(place, 'bob', 'text', 'prod');
      const alice = await newKite(place, 'alice', 'caller');
      const events: KiteEvent[] = [];
      let changed = (): void => {};
      const watch = await alice.watchKites(parseQueryPath('/bob/*/ma*'), (event) => {
        events.push(event);
        changed();
      });
      expect(paths(watch.kites)).toEqual([kitePath(first.identity)]);
      const other = await register(place, 'bob', 'texts', 'test');
      const second = await register(place, 'bob', 'maths', 'test');
      const gone = new Promise<void>((resolve) => {
        changed = () => events.at(-1)?.action === 'DEREGISTER' && resolve();
      });
      await other.close({ drainTimeout: 0 });
      await second.close({ drainTimeout: 0 });
      await gone;
      expect(events.map(({ action, kite: { kite } }) => [action, kite.name])).toEqual([
        ['REGISTER', 'maths'],
        ['DEREGISTER', 'maths'],
      ]);
      expectNarrowTokens(events.slice(0, 1).map(({ kite }) => kite));
      watch.cancel();
    },
  );
});

describe('globs at Kontrol', () => {
  it('the fields of a query are compared as they are, and only those of its glob as globs', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob', { name: '*' });
    await bob.tell('register', { url: 'http://127.0.0.1:3636/kite' });
    const math = await connect(kontrol, 'bob', { name: 'math' });
    await math.tell('register', { url: 'http://127.0.0.1:3637/kite' });
    const find = (argument: object) => math.tell<{ kites: RemoteKite[] }>('getKites', argument);
    const fields = { username: 'bob', environment: 'prod', name: '*' };
    expect((await find({ query: fields })).kites.map(({ kite }) => kite.name)).toEqual(['*']);
    expect((await find({ query: fields, glob: fields })).kites).toHaveLength(2);
    expect((await find({ query: { username: 'nobody' }, glob: fields })).kites).toHaveLength(2);
    await expect(math.tell('getToken', { ...fields, username: 'b*' })).rejects.toThrow('no kites found');
    await expect(math.tell('getToken', { glob: fields })).rejects.toThrow('more than one kite');
    await expect(find({ glob: 'bob' })).rejects.toThrow('It must be an object');
    await expect(find({ glob: { username: `*${'a'.repeat(300)}` } })).rejects.toThrow('globs are longer');
  });

  it('a token for a glob covers the one kite that matches and that the policy allows', async () => {
    const rules = [
      { users: ['alice'], actions: ['query', 'token'], kites: ['/bob/prod/m*/1.*'] },
      { users: ['alice'], actions: ['query'], kites: ['/bob'] },
    ];
    const { kontrol, url } = await startKontrol({
      policy: parsePolicy(JSON.stringify({ allow: rules }), 'kontrol', 'policy.json'),
    });
    const place = { url, keyOf: (username: string) => kontrol.newKiteKey(username), allUsers: true };
    for (const kite of FLEET) await register(place, ...kite);
    const alice = await newKite(place, 'alice', 'caller');
    const audience = async (path: string) => parseToken(await alice.getToken(parseQueryPath(path))).audience;
    expect(await audience('/*/*/math')).toBe('/bob/prod/math/1.2.0');
    expect(await audience('/b*/*/*s')).toBe('/bob/prod/maths/1.9.9');
    await expect(audience('/bob/*/text')).rejects.toThrow('no kites found');
    await expect(audience('/bob/test/m*')).rejects.toThrow('no kites found');
    const found = await alice.getKites(parseQueryPath('/b*/*'));
    const tokens = found.map(({ kite, token }) => `${kite.name} ${token && parseToken(token).audience}`);
    expect(tokens.toSorted()).toEqual([
      'math ',
      'math /bob/prod/math/1.2.0',
      'maths /bob/prod/maths/1.9.9',
      'text ',
    ]);
  });

  it('the path of a kite whose names look like globs finds this kite only, and its token is for it', async () => {
    const { kontrol, url } = await startKontrol({ policy: openPolicy() });
    const place = { url, keyOf: (username: string) => kontrol.newKiteKey(username), allUsers: true };
    const odd = await register(place, '*', '*', '*');
    await register(place, 'bob', 'math', 'prod');
    const alice = await newKite(place, 'alice', 'caller');
    expect(searchMatcher(parseQueryPath(kitePath(odd.identity)))(testIdentity())).toBe(false);
    const found = await alice.getKites(parseQueryPath(kitePath(odd.identity)));
    expect(paths(found)).toEqual([kitePath(odd.identity)]);
    expect(parseToken(await alice.getToken(odd.identity)).audience).toBe('/*/*/*');
    expect(paths(await alice.getKites({ username: '\\*' }))).toEqual([kitePath(odd.identity)]);
  });

  it('a kite whose id looks like a glob cannot register', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    for (const id of ['*', '32c7?6ac', '\\*']) {
      const kite = { ...bob.kite.identity, id };
      const auth = { type: 'kiteKey', key: bob.key.jwt };
      const response = await fetch(new URL('/register', kontrol.url), {
        method: 'POST',
        body: JSON.stringify({ url: 'http://127.0.0.1:3636/kite', kite, auth }),
      });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining('contains * or ?'),
      ]);
    }
  });

  it('kite.who of a kite selects with fields that are compared as they are', async () => {
    const { kontrol } = await startKontrol();
    const bob = await connect(kontrol, 'bob');
    let asked = 0;
    bob.kite.handle('kite.who', () => {
      asked++;
      return { query: { username: 'b*' } };
    });
    await bob.tell('register', { url: 'http://127.0.0.1:3636/kite' });
    expect(await bob.kite.getKites({ username: 'b*' }, { who: {} })).toEqual([]);
    expect(asked).toBe(1);
  });
});
