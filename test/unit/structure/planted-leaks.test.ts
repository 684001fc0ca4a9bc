import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../helpers/source-files.js';

// Every test file runs with test/helpers/leaks/setup.ts. Here it watches tests that leave something behind on purpose.

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

/** What vitest reports of the tests in test/fixtures/leaks. It exits with 1: nearly all of them fail. */
function runPlanted(): Promise<Report> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', 'test/fixtures/leaks/vitest.config.ts'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root }, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Report);
      } catch {
        reject(new Error(`vitest has written no report: ${stdout}${stderr}`));
      }
    });
  });
}

const PLANTED: Readonly<Record<string, RegExp>> = {
  'leaves a pending call': /^Error: The test left .*pending calls: 1\b/,
  'leaves a callback': /^Error: The test left .*callbacks: 1\b/,
  'leaves a timer': /^Error: The test left timers: 1$/,
  'leaves a timer of a ManualClock': /^Error: The test left timers of a ManualClock: 1$/,
  'leaves a socket': /^Error: The test left sockets: 2$/,
  'leaves a listening server': /^Error: The test left listening servers: 1$/,
  'leaves a listener': /^Error: The test left process listeners of SIGUSR2: 1$/,
};

describe('the watch for leaks', () => {
  it(`fails each of ${Object.keys(PLANTED).length} tests for what it leaves, and no other test`, async () => {
    const { testResults } = await runPlanted();
    const outcomes = testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status, failureMessages: [message = ''] }) => [
        title,
        status,
        message.split('\n')[0],
      ]),
    );
    expect(outcomes).toEqual(
      expect.arrayContaining([
        ['leaves nothing', 'passed', ''],
        ['leaves nothing, but its file does', 'passed', ''],
        ...Object.entries(PLANTED).map(([title, message]) => [
          title,
          'failed',
          expect.stringMatching(message),
        ]),
      ]),
    );
    expect(outcomes).toHaveLength(Object.keys(PLANTED).length + 2);
    const file = testResults.find(({ name }) => name.endsWith('file.planted.ts'));
    expect(file?.message).toContain('The test file left timers: 1');
  });
});
