import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy, openPolicy, ownPolicy, parsePolicy } from '../../../../src/lib/kontrol.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const bobs = testIdentity({ username: 'bob' });
const ofKontrol = testIdentity({ username: 'kontrol', name: 'proxy' });

describe('the default policy', () => {
  const policy = ownPolicy('kontrol');

  it('the default policy lets every user register, find and call their own kites', () => {
    for (const action of ['register', 'query', 'token'] as const) {
      expect(policy.allows(action, 'bob', bobs)).toBe(true);
      expect(policy.allows(action, 'mallory', bobs)).toBe(false);
    }
  });

  it("the default policy lets every user find and call the kites of Kontrol's user, and register none of them", () => {
    expect(policy.allows('query', 'bob', ofKontrol)).toBe(true);
    expect(policy.allows('token', 'bob', ofKontrol)).toBe(true);
    expect(policy.allows('register', 'bob', ofKontrol)).toBe(false);
  });

  it('the default policy treats a username that equals a placeholder as that user', () => {
    expect(policy.allows('query', '$user', bobs)).toBe(false);
    expect(policy.allows('query', '*', bobs)).toBe(false);
  });
});

it('the open policy lets every user find and call everything', () => {
  expect(openPolicy().allows('token', 'mallory', bobs)).toBe(true);
});

describe('a policy file', () => {
  const read = (file: unknown) => parsePolicy(JSON.stringify(file), 'kontrol', 'policy.json');

  it('a policy file reports how many fields of a path a token depends on, for each user', () => {
    const rule = (users: string[], ...kites: string[]) => ({ users, actions: ['token'], kites });
    const policy = read({
      allow: [
        rule(['alice'], '/bob/prod/math/1.0.0', '/bob/prod/text/*/*', '/bob/prod/web/1.0.0/*/host'),
        rule(['carol'], '/bob', '/bob/prod/math/1.0.0'),
        rule(['dave'], '/bob'),
      ],
      deny: [rule(['dave'], '/bob/prod/math/2.0.0')],
    });
    const depth = (username: string, name: string) => policy.tokenDepth?.(username, { ...bobs, name });
    expect(['math', 'text', 'web', 'other'].map((name) => depth('alice', name))).toEqual([4, 3, 6, 3]);
    expect([depth('carol', 'math'), depth('bob', 'math')]).toEqual([3, 3]);
    expect([depth('dave', 'math'), depth('dave', 'text')]).toEqual([4, 3]);
    expect(policy.deepTokenPaths).toEqual([
      '/bob/prod/math/1.0.0',
      '/bob/prod/web/1.0.0/*/host',
      '/bob/prod/math/1.0.0',
      '/bob/prod/math/2.0.0',
    ]);
  });

  it('a policy file adds permissions to the default for the prefix of its path', () => {
    const policy = read({
      allow: [{ users: ['alice'], actions: ['query', 'token'], kites: ['/bob/*/math'] }],
    });
    expect(policy.allows('token', 'alice', bobs)).toBe(true);
    expect(policy.allows('token', 'alice', { ...bobs, name: 'maths' })).toBe(false);
    expect(policy.allows('register', 'alice', bobs)).toBe(false);
    expect(policy.allows('token', 'carol', bobs)).toBe(false);
    expect(policy.allows('token', 'bob', bobs)).toBe(true);
  });

  it('a policy file matches users and the parts of paths like the fields of a query', () => {
    const rule = (users: string[], path: string) => ({
      allow: [{ users, actions: ['token'], kites: [path] }],
    });
    const allows = (users: string[], path: string, caller = 'alice', changes = {}) =>
      read(rule(users, path)).allows('token', caller, { ...bobs, ...changes });
    const cases = [
      [allows(['alice'], '/bob/p*/m?th'), true],
      [allows(['alice'], '/bob/p*/m?t'), false],
      [allows(['al*'], '/b?b/*/*'), true],
      [allows(['al*'], '/b?b', 'carol'), false],
      [allows(['alice'], '/bob/prod/math/1.*'), true],
      [allows(['alice'], '/bob/prod/math/1.*', 'alice', { version: '2.0.0' }), false],
      [allows(['alice'], '/bob/prod/math/>= 1.0, < 2.0/e*'), true],
      [allows(['alice'], '/bob/prod/math/>= 2.0'), false],
      [allows(['alice'], '/bob/\\*'), false],
      [allows(['alice'], '/bob/\\*', 'alice', { environment: '*' }), true],
      [allows(['wh\\?t'], '/bob', 'what'), false],
      [allows(['wh\\?t'], '/bob', 'wh?t'), true],
    ];
    expect(cases.map(([found]) => found)).toEqual(cases.map(([, expected]) => expected));
  });

  it('a policy compares the name of a caller or of the user of Kontrol as text, also if it looks like a glob', () => {
    const own = ownPolicy('k*');
    expect(own.allows('query', 'k*', bobs)).toBe(true);
    expect(own.allows('query', 'karl', bobs)).toBe(false);
    expect(own.allows('token', 'carol', { ...bobs, username: 'k*' })).toBe(true);
    expect(own.allows('token', 'carol', { ...bobs, username: 'karl' })).toBe(false);
    for (const caller of ['*', 'b*', 'b?b']) expect(own.allows('token', caller, bobs)).toBe(false);
  });

  it('a policy file with globs beyond the name makes a token depend on as many fields', () => {
    const rule = (kites: string) => ({ users: ['alice'], actions: ['token'], kites: [kites] });
    const depth = (...paths: string[]) =>
      read({ base: 'none', allow: paths.map(rule) }).tokenDepth?.('alice', bobs);
    expect(depth('/bob/*/m*/**/*')).toBeUndefined();
    expect(depth('/b*/*/m*/1.*')).toBe(4);
    expect(depth('/b*/*/m*/*/e?')).toBe(5);
    expect(depth('/b*/*/t*/*/e?')).toBe(3);
    expect(depth('/b*/*/m*/*/e?', '/*/p*')).toBe(3);
  });

  it('a policy file denies what any other rule allows', () => {
    const policy = read({ base: 'open', deny: [{ users: ['guest'], actions: ['register'], kites: ['/'] }] });
    expect(policy.allows('register', 'guest', testIdentity({ username: 'guest' }))).toBe(false);
    expect(policy.allows('query', 'guest', bobs)).toBe(true);
  });

  it('a policy file without a base allows only its own rules', () => {
    const policy = read({
      base: 'none',
      allow: [{ users: ['*'], actions: ['register'], kites: ['/$user/prod'] }],
    });
    expect(policy.allows('register', 'bob', bobs)).toBe(true);
    expect(policy.allows('register', 'bob', { ...bobs, environment: 'test' })).toBe(false);
    expect(policy.allows('query', 'bob', bobs)).toBe(false);
  });

  it.each([
    ['{', 'it is not valid JSON'],
    ['[]', 'it must be an object'],
    ['{"alow":[]}', '"alow" is not one of'],
    ['{"base":"all"}', '"base" must be'],
    ['{"allow":{}}', '"allow" must be a list'],
    ['{"allow":[{"users":[],"actions":["query"],"kites":["/"]}]}', 'allow[0].users must be a non-empty list'],
    ['{"allow":[{"users":["a"],"actions":["fly"],"kites":["/"]}]}', '"fly"'],
    ['{"allow":[{"users":["a"],"actions":["query"],"kites":["bob"]}]}', '"bob"'],
    ['{"allow":[{"users":["a"],"actions":["query"],"kites":["/a//b"]}]}', '"/a//b"'],
    ['{"allow":[{"users":["a"],"actions":["query"],"kites":["/1/2/3/4/5/6/7/8"]}]}', 'not a path'],
    [
      '{"allow":[{"users":["a"],"actions":["query"],"kites":["/b/p/m/newest"]}]}',
      'allow[0].kites has "/b/p/m/newest": "newest" is not a version',
    ],
    [
      `{"allow":[{"users":["a"],"actions":["query"],"kites":["/*${'b'.repeat(300)}"]}]}`,
      'globs are longer than',
    ],
    ['{"deny":[{"users":["a"],"actions":["query"],"kites":["/"],"if":1}]}', '"if"'],
  ])('a policy file that is %s is rejected with its path', (text, reason) => {
    expect(() => parsePolicy(text, 'kontrol', 'policy.json')).toThrow(reason);
    expect(() => parsePolicy(text, 'kontrol', 'policy.json')).toThrow('policy.json');
  });

  it('a policy is read from a file unless a built-in policy has that name', async () => {
    const file = path.join(temporaryFolder(), 'policy.json');
    writeFileSync(file, '{"base":"none"}');
    expect((await loadPolicy(file, 'kontrol')).allows('query', 'bob', bobs)).toBe(false);
    expect((await loadPolicy('own', 'kontrol')).name).toBe('own');
    expect((await loadPolicy('open', 'kontrol')).name).toBe('open');
    await expect(loadPolicy('nowhere.json', 'kontrol')).rejects.toThrow('neither "own" nor "open"');
  });
});
