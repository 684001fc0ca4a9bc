import { defineConfig } from 'vitest/config';
import { portableTests } from './test/needs.js';

export default defineConfig(({ mode }) => ({
  test: {
    // --mode portable excludes tests with requirements that this system does not meet: see test/needs.ts.
    include: mode === 'portable' ? portableTests(process.platform) : ['test/**/*.test.ts'],
    // One process for all files, which is much faster. Tests do not share state.
    isolate: false,
    disableConsoleIntercept: true,
    // Generous, so that a busy machine does not fail a test. Tests that check timing measure it themselves.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // The acceptance tests start whole programs, so more workers than cores would slow them down.
    maxWorkers: 2,
  },
}));
