import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { expectNoLeaks, type Snapshot, takeSnapshot } from './leak-check.js';

// A setup file of every test file: fails a test, or a file, that leaves something open. It checks last, after the
// `afterEach` and `onTestFinished` of the test, because these run in the reverse order of their registration.

let before: Snapshot;
let testLeaked: boolean;

beforeAll(() => {
  before = takeSnapshot();
  testLeaked = false;
});

beforeEach(() => {
  const atStart = takeSnapshot();
  onTestFinished(() =>
    expectNoLeaks(atStart, 'The test').catch((error: unknown) => {
      testLeaked = true;
      throw error;
    }),
  );
});

afterAll(async () => {
  // A leak of a test has been reported already.
  if (!testLeaked) await expectNoLeaks(before, 'The test file');
});
