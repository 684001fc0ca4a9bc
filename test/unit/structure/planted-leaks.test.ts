import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../helpers/source-files.js';

// Every test file runs with test/helpers/leaks/setup.ts. The tests of test/fixtures/leaks leave something open on purpose.

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The report of the tests in test/fixtures/leaks. Vitest exits with 1, because nearly all of them fail. */
function runPlanted(): Promise<Report> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', 'test/fixtures/leaks/vitest.config.ts'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root }, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Report);
      } catch {
        reject(new Error(`vitest did not write a report: ${stdout}${stderr}`));
      }
    });
  });
}

const PLANTED: Readonly<Record<string, RegExp>> = {
  'a leaking test leaves a pending call': /^Error: The test left .*pending call \(never\)$/m,
  'a leaking test leaves a callback': /^Error: The test left .*callback \(callMe\)$/m,
  'a leaking test leaves a timer': /^Error: The test left timer \(600000 ms\)$/m,
  'a leaking test leaves a timer of a ManualClock': /^Error: The test left ManualClock timer \(1 ms\)$/m,
  'a leaking test leaves a socket': /^Error: The test left socket \(\d+ to \d+\)$/m,
  'a leaking test leaves a listening server': /^Error: The test left listening server \(.*\)$/m,
  'a leaking test leaves a child process': /^Error: The test left child process \(.*\)$/m,
  'a leaking test leaves a listener': /^Error: The test left process listener \(beforeExit\)$/m,
};

describe('the check for leaks', () => {
  let report: Report;

  beforeAll(async () => {
    report = await runPlanted();
  });

  const testsOf = (): Report['testResults'][number]['assertionResults'] =>
    report.testResults.flatMap(({ assertionResults }) => assertionResults);

  it.each(Object.entries(PLANTED))('the check for leaks fails a test if %s', (title, message) => {
    expect(testsOf().find((test) => test.title === title)).toMatchObject({
      status: 'failed',
      failureMessages: [expect.stringMatching(message)],
    });
  });

  it('the check for leaks passes the tests that leave nothing', () => {
    const passed = testsOf().filter(({ status }) => status === 'passed');
    expect(passed.map(({ title }) => title)).toEqual([
      'leaves nothing, but its file leaves a timer',
      'a clean test leaves nothing behind',
    ]);
    expect(testsOf()).toHaveLength(Object.keys(PLANTED).length + 2);
  });

  it('the check for leaks fails a file whose hooks leave a timer', () => {
    const file = report.testResults.find(({ name }) => name.endsWith('file.planted.ts'));
    expect(file?.message).toBe('The test file left timer (600000 ms)');
  });
});
