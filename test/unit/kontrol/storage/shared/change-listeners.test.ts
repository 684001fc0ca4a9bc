import { expect, it } from 'vitest';
import { ChangeListeners } from '../../../../../src/lib/kontrol/storage/shared/change-listeners.js';

it('each listener of a store is notified of each change until it is stopped, also if it is added twice', () => {
  const listeners = new ChangeListeners();
  expect(listeners.empty).toBe(true);
  const heard: string[] = [];
  const listener = ({ type }: { readonly type: string }): void => void heard.push(type);
  const stops = [listeners.add(listener), listeners.add(listener)];
  listeners.tell({ type: 'keys' });
  expect(heard).toEqual(['keys', 'keys']);
  stops[0]?.();
  listeners.tell({ type: 'reload' });
  expect(heard).toEqual(['keys', 'keys', 'reload']);
  listeners.clear();
  listeners.tell({ type: 'keys' });
  expect(heard).toHaveLength(3);
  expect(listeners.empty).toBe(true);
});
