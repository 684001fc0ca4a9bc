import { expect, it } from 'vitest';
import { ChangeListeners } from '../../../../../src/lib/kontrol/storage/shared/change-listeners.js';

it('each listener of a store is notified of each change until it is stopped, also if it is added twice', () => {
  const listeners = new ChangeListeners();
  expect(listeners.isEmpty).toBe(true);
  const notified: string[] = [];
  const listener = ({ type }: { readonly type: string }): void => void notified.push(type);
  const stops = [listeners.add(listener), listeners.add(listener)];
  listeners.notify({ type: 'keys' });
  expect(notified).toEqual(['keys', 'keys']);
  stops[0]?.();
  listeners.notify({ type: 'reload' });
  expect(notified).toEqual(['keys', 'keys', 'reload']);
  listeners.clear();
  listeners.notify({ type: 'keys' });
  expect(notified).toHaveLength(3);
  expect(listeners.isEmpty).toBe(true);
});
