// Runs kitectl from its sources, without a build: npm run --silent dev -- call square 4. Help comes from the manifest and from
// dist/, as they were built last.
import { run } from '../src/cli.js';
import { root } from './build/paths.js';

await run(root);
