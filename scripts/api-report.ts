// Writes the API reports. For each entry point of the package, a report lists the exports and the types that they refer to,
// without comments, so that a change of the public API shows up in a review. With --check, writes nothing and fails if the
// committed reports are out of date.
import { staleReports, writeReports } from './api/reports.js';
import { root } from './build/paths.js';

try {
  if (process.argv.includes('--check')) {
    const stale = await staleReports(root);
    if (stale.length > 0) {
      throw new Error(
        `The public API differs from its reports: ${stale.join(', ')}. If the change is intended, update and commit them: npm run api`,
      );
    }
  } else {
    await writeReports(root);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
