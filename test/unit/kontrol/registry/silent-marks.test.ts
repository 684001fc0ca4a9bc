import { expect, it } from 'vitest';
import { RegistryEntry, type Origin } from '../../../../src/lib/kontrol/registry/registry-entry.js';
import { SilentMarks } from '../../../../src/lib/kontrol/registry/silent-marks.js';
import { settled } from '../../../helpers/kite/cores.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';

function entry(id: string, silentSince: number | undefined, origin: Origin = 'connection'): RegistryEntry {
  return new RegistryEntry({ ...registration(id), expiresAt: 90, silentSince }, origin, 0);
}

it('the marks of silent kites that are added during a write are written together', async () => {
  const written: unknown[] = [];
  let go = (): void => {};
  const marks = new SilentMarks((batch) => {
    written.push(batch.map(({ id }) => id));
    return new Promise((resolve) => (go = resolve));
  });
  void marks.add(entry('a', 1));
  void marks.add(entry('b', 1));
  await settled();
  const rest = ['c', 'd', 'e'].map((id) => marks.add(entry(id, 2)));
  go();
  await settled();
  go();
  await Promise.all(rest);
  expect(written).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
});

it('the marks of silent kites are not written if these have returned, here or at another node', async () => {
  const written: unknown[] = [];
  const marks = new SilentMarks((batch) => {
    written.push(batch);
    return Promise.resolve();
  });
  await marks.add(entry('returned', undefined));
  await marks.add(entry('moved', 1, 'store'));
  await marks.add(entry('silent', 1));
  expect(written).toEqual([[{ id: 'silent', silentSince: 1, expiresAt: 90 }]]);
});

it('the marks of silent kites are dropped if the store cannot be reached, and later ones are written', async () => {
  let isDown = true;
  const written: string[] = [];
  const marks = new SilentMarks((batch) => {
    if (isDown) return Promise.reject(new Error('down'));
    written.push(...batch.map(({ id }) => id));
    return Promise.resolve();
  });
  await expect(marks.add(entry('a', 1))).rejects.toThrow('down');
  await marks.idle();
  isDown = false;
  await marks.add(entry('b', 1));
  expect(written).toEqual(['b']);
});
