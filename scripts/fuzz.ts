// Runs the fuzzers for longer than `npm test` does: npm run fuzz -- [SECONDS [FILTER]]. The default is 60 seconds for each test.
// FUZZ_SEED=N repeats a run. Without it, each test prints its seed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build/paths.js';

const [seconds = '60', ...filter] = process.argv.slice(2);
const title = filter.length === 0 ? [] : ['-t', filter.join(' ')];
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'test/acceptance/fuzz', 'test/acceptance/hostile/fuzz', ...title],
  {
    cwd: root,
    env: { ...process.env, FUZZ_SECONDS: seconds },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
