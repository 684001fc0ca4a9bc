// Runs kitectl from its sources without a build: npm run --silent dev -- call square 4. Help is read from the manifest and
// dist/ of the last build.
import { run } from '../src/cli.js';
import { root } from './build/paths.js';

await run(root);
