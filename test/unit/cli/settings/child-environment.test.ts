import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installPackage } from '../../../../src/lib/cli/kites/npm.js';
import { runKite } from '../../../../src/lib/cli/kites/run-kite.js';
import { ChildGroups } from '../../../../src/lib/cli/runtime/child-groups.js';
import { runShellCommand } from '../../../../src/lib/cli/serve/shell-command.js';
import { childEnvironment, secretVariables } from '../../../../src/lib/cli/settings/child-environment.js';
import { systemClock } from '../../../../src/lib/util/clock.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { sourceFiles } from '../../../helpers/source-files.js';

const PATH = process.env['PATH'];
const secrets = Object.fromEntries(secretVariables().map((name) => [name, `secret of ${name}`]));

/** Prints the names of the secrets that a process has. */
const PRINT_SECRETS = `env | sed -n 's/=secret of .*//p' | sort`;

type Runner = (env: Record<string, string | undefined>, passed: readonly string[]) => Promise<string>;

/** The places that start a child process, by the file that does. Each resolves with the secrets that the child had. */
const PLACES: Readonly<Record<string, Runner>> = {
  'src/lib/cli/serve/shell-command.ts': async (env, passedSecrets) => {
    const output = await runShellCommand({
      name: 'm',
      command: PRINT_SECRETS,
      input: '',
      env,
      passedSecrets,
      timeout: 0,
      signal: new AbortController().signal,
      maxBytes: 10_000,
      clock: systemClock,
      groups: new ChildGroups(),
    });
    return output.toString('utf8');
  },
  'src/lib/cli/kites/run-kite.ts': async (env, passedSecrets) => {
    const home = temporaryFolder();
    const bin = join(home, 'kites/local/_/math/1.0.0/bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'math'), `#!/bin/sh\n${PRINT_SECRETS} > ${home}/out\n`);
    await chmod(join(bin, 'math'), 0o700);
    await runKite(
      { name: 'math', args: [], passedSecrets },
      testRuntime({ env: { ...env, KITE_HOME: home } }),
    );
    return readFileSync(join(home, 'out'), 'utf8');
  },
  'src/lib/cli/kites/npm.ts': async (env) => {
    const home = temporaryFolder();
    await writeFile(join(home, 'npm'), `#!/bin/sh\n${PRINT_SECRETS} > ${home}/out\nexit 1\n`);
    await chmod(join(home, 'npm'), 0o700);
    const source = { type: 'npm', spec: 'math', scope: undefined, name: 'math' } as const;
    const { signal } = new AbortController();
    const options = { source, folder: join(home, 'kite'), env: { ...env, PATH: `${home}:${PATH}` }, signal };
    await installPackage(options).catch(() => {});
    return readFileSync(join(home, 'out'), 'utf8');
  },
};

it(`child processes get none of the ${Object.keys(secrets).length} secrets, in ${Object.keys(PLACES).length} places`, () => {
  expect(Object.keys(secrets)).toEqual(
    expect.arrayContaining([
      'KITE_KEY',
      'KONTROL_SECRET',
      'KONTROL_FORMER_SECRET',
      'KONTROL_POSTGRES_PASSWORD',
    ]),
  );
});

it('every file of src that starts a child process has a test of its environment', () => {
  const starting = sourceFiles().filter(({ text }) => /\b(?:spawn|spawnSync|execFile|fork)\(/.test(text));
  // The first starts a program of Windows, which ends processes. The second starts kitectl again, which needs the same secrets.
  const others = /\/(?:child-groups|instance-process)\.ts$/;
  const files = starting.map(({ path }) => path).filter((path) => !others.test(path));
  expect(files.toSorted()).toEqual(Object.keys(PLACES).toSorted());
});

it.each(Object.entries(PLACES))('a child process of %s gets no secret', async (_file, run) => {
  expect(await run({ PATH, ...secrets }, [])).toBe('');
});

// install has no --env: npm needs no secret of kites.
it.each(Object.entries(PLACES).filter(([, run]) => run.length > 1))(
  'a child process of %s gets a secret that --env names',
  async (_file, run) => {
    expect(await run({ PATH, ...secrets }, ['KITE_KEY'])).toBe('KITE_KEY\n');
  },
);

describe('childEnvironment', () => {
  it('childEnvironment keeps variables without a secret, and compares names without their case', () => {
    expect(childEnvironment({ PATH: '/bin', KITE_KEY_FILE: 'a', Kite_Key: 'b' })).toEqual({
      PATH: '/bin',
      KITE_KEY_FILE: 'a',
    });
  });
});
