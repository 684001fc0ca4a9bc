import { expect, it } from 'vitest';
import { Slots } from '../../../../src/lib/kontrol/registry/slots.js';

it('slots are taken at once while some are free, and then in the order of the calls', async () => {
  const slots = new Slots(2);
  expect([slots.take(), slots.take()]).toEqual([undefined, undefined]);
  const order: string[] = [];
  const waiting = ['a', 'b'].map(async (name) => {
    await slots.take();
    order.push(name);
  });
  slots.release();
  await waiting[0];
  expect(order).toEqual(['a']);
  slots.release();
  await waiting[1];
  expect(order).toEqual(['a', 'b']);
  slots.release();
  expect(slots.take()).toBeUndefined();
});
