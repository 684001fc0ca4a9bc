import { expect, it } from 'vitest';
import { NAME_DEPTH, openPolicy, ownPolicy, rulePolicy } from '../../../../src/lib/kontrol/policy/policy.js';
import { ReplaceablePolicy } from '../../../../src/lib/kontrol/policy/replaceable-policy.js';

const kite = {
  username: 'bob',
  environment: 'prod',
  name: 'math',
  version: '1.0.0',
  region: 'eu',
  hostname: 'host',
  id: 'id',
};

it('a policy that is replaced decides as the new one does', () => {
  const policy = new ReplaceablePolicy(ownPolicy('kontrol'));
  expect(policy.allows('token', 'alice', kite)).toBe(false);
  expect(policy).toMatchObject({ name: 'own', deepTokenPaths: [] });
  policy.current = openPolicy();
  expect(policy.allows('token', 'alice', kite)).toBe(true);
  expect(policy.tokenDepth('alice', kite)).toBe(NAME_DEPTH);
  const rule = { users: ['alice'], actions: ['token'] as const, kites: ['/bob/prod/math/1.0.0'] };
  policy.current = rulePolicy('file', [rule], []);
  expect(policy).toMatchObject({ name: 'file', deepTokenPaths: ['/bob/prod/math/1.0.0'] });
  expect(policy.tokenDepth('alice', kite)).toBe(4);
});
