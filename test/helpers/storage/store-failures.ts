import { expect } from 'vitest';
import type { Storage } from '../../../src/lib/kontrol/storage/shared/storage.js';

/** The error that opening a store rejects with. */
export async function openingFailure(storage: Storage): Promise<unknown> {
  return storage.open().then(
    () => 'it was opened',
    (error: unknown) => error,
  );
}

/** Matches the error of an unavailable store. */
export const unavailable = (message: RegExp) => ({
  name: 'StorageError',
  code: 'unavailable',
  message: expect.stringMatching(message) as string,
});
