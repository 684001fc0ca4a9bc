import { defineConfig } from 'vitest/config';
import { portableTests } from './test/needs.js';

export default defineConfig(({ mode }) => ({
  test: {
    // --mode portable leaves out the tests that need more of the system than it has: see test/needs.ts.
    include: mode === 'portable' ? portableTests(process.platform) : ['test/**/*.test.ts'],
    // One process for all files: 1.5 s instead of 11 for 200 tests. Tests share no state, so nothing is lost.
    isolate: false,
    // Fails a test that leaves a call, callback, timer, socket or process behind.
    setupFiles: ['test/helpers/leaks/setup.ts'],
    disableConsoleIntercept: true,
    // A machine that does other things as well must not fail a test: what has to be in time is measured by the tests themselves.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // One more than cores in CI: acceptance tests wait for programs, stores and Chromium for a third of their time.
    maxWorkers: 3,
  },
}));
