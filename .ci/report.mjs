// Summarizes the JSON reports of vitest. `node report.mjs FOLDER RUN…` reads RUN.json and RUN.code (the exit code of
// `npm test`) of each run. Prints the problems and then one line `N passed, N failed`. Exits with 1 if a test failed or was
// skipped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...runs] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
const problems = [];

for (const run of runs) {
  const counted = count(run);
  const code = readFileSync(join(folder, `${run}.code`), 'utf8').trim();
  // The report does not contain failures of the linter, of the type check or outside of tests.
  if (code !== '0' && counted.failed === 0) {
    counted.failed = 1;
    problems.push(`Node ${run}: npm test ended with exit code ${code}`);
  }
  if (code === '0' && counted.passed === 0) {
    counted.failed += 1;
    problems.push(`Node ${run}: no tests ran`);
  }
  for (const key of Object.keys(sum)) sum[key] += counted[key];
}

for (const problem of problems) console.error(problem);
console.log(
  `${sum.passed} passed, ${sum.failed} failed${sum.skipped === 0 ? '' : `, ${sum.skipped} skipped`}`,
);
process.exitCode = sum.failed === 0 && sum.skipped === 0 ? 0 : 1;

function count(run) {
  const counted = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, status, assertionResults } of filesOf(run)) {
    for (const { status: outcome, fullName } of assertionResults) {
      const key = outcome === 'passed' || outcome === 'failed' ? outcome : 'skipped';
      counted[key] += 1;
      if (key !== 'passed') problems.push(`Node ${run}: ${outcome}: ${fullName}`);
    }
    // A file that cannot be loaded has no test results.
    if (status === 'failed' && !assertionResults.some(({ status: outcome }) => outcome === 'failed')) {
      counted.failed += 1;
      problems.push(`Node ${run}: failed outside of tests: ${name}`);
    }
  }
  return counted;
}

function filesOf(run) {
  try {
    return JSON.parse(readFileSync(join(folder, `${run}.json`), 'utf8')).testResults;
  } catch {
    // npm test failed before vitest started, which the exit code reports.
    return [];
  }
}
