import { afterEach, expect, it, vi } from 'vitest';
import { nextTurn } from '../../../src/lib/util/next-turn.js';

afterEach(() => vi.unstubAllGlobals());

it.each(['with', 'without'])('the next turn comes after microtasks, %s setImmediate', async (way) => {
  if (way === 'without') vi.stubGlobal('setImmediate', undefined);
  const order: string[] = [];
  const turn = nextTurn().then(() => order.push('turn'));
  for (let count = 0; count < 100; count++) await Promise.resolve();
  order.push('microtasks');
  await turn;
  expect(order).toEqual(['microtasks', 'turn']);
});
