import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { expectNoLeaks, forgetClocks, usage, type Usage } from './leak-watch.js';

// For every test file: no test, and no file, leaves anything behind. What a test cleans up with afterEach or
// onTestFinished is cleaned up before: hooks run in the reverse order of their registration.

let before: Usage;

beforeAll(() => {
  before = usage();
});

beforeEach(() => {
  const atStart = usage();
  onTestFinished(() => expectNoLeaks(atStart, 'The test'));
});

afterAll(async () => {
  await expectNoLeaks(before, 'The test file');
  forgetClocks();
});
