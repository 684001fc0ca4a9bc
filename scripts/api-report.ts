// Writes the API reports: for each entry point of the package, what a program can import from it and the types that this
// refers to, without comments. A change of the public API is then a change of a file in api/, which reviewers see. With
// --check it writes nothing and fails when the committed reports are out of date.
import { staleReports, writeReports } from './api/reports.js';
import { root } from './build/paths.js';

try {
  if (process.argv.includes('--check')) {
    const stale = await staleReports(root);
    if (stale.length > 0) {
      throw new Error(
        `The public API differs from its reports: ${stale.join(', ')}. If the change is intended, renew and commit them: npm run api`,
      );
    }
  } else {
    await writeReports(root);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
