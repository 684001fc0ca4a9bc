import { expect, it } from 'vitest';
import { CallbackScope } from '../../../../src/lib/kite/callbacks/callback-scope.js';

it('a canceled call rejects the answers that are awaited, and no others', () => {
  const scope = new CallbackScope('ask');
  const rejected: unknown[] = [];
  const [one, two] = ['one', 'two'].map((name) => (reason: unknown) => rejected.push([name, reason]));
  if (one) scope.add(one);
  if (two) scope.add(two);
  if (one) scope.delete(one);
  scope.cancel('enough');
  scope.cancel('again');
  expect(rejected).toEqual([['two', 'enough']]);
  expect([scope.ended, scope.canceled]).toEqual([true, true]);
});

it('a call that has been answered does not keep its request', () => {
  const scope = new CallbackScope('ask');
  scope.request = { timeLeft: 1 };
  scope.end();
  expect([scope.request, scope.ended, scope.canceled]).toEqual([undefined, true, false]);
});
