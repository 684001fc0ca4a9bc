import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { platform } from 'node:process';
import { CliError, configurationError, notFound } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { DESCRIPTORS_HINT, isOutOfDescriptors } from '../../util/descriptors.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { killGroup } from '../runtime/child-groups.js';
import { startChild } from '../runtime/start-child.js';
import { LastLine } from '../runtime/last-line.js';
import { childEnvironment } from '../settings/child-environment.js';
import { badSource, checkLocation, isSegment, NO_USER, type InstallLocation } from './install-location.js';
import type { InstallSource } from './install-source.js';
import { NPM_OUTPUT_LENGTH } from '../runtime/command-limits.js';
import { fileInFolder } from './file-in-folder.js';

export interface NpmOptions {
  readonly source: Extract<InstallSource, { type: 'npm' }>;
  /** New folder for the kite. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Installs a package and its dependencies with npm, which uses the registry, credentials and cache of the user and verifies
 * the digests of the registry. Package scripts do not run.
 *
 * The field `kite` of package.json selects the program: `"bin/math.js"`, or `{"name": "math", "bin": "bin/math.js"}`.
 *
 * @throws CliError if npm fails, or if the package is not a kite
 */
export async function installPackage({ source, folder, env, signal }: NpmOptions): Promise<InstallLocation> {
  await mkdir(folder, { mode: 0o700 });
  // Otherwise npm searches the parent folders for a project.
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  await runNpm(source.spec, folder, env, signal);
  const id = source.scope === undefined ? source.name : `@${source.scope}/${source.name}`;
  const modules = join(folder, 'node_modules');
  const { version, name, bin } = readPackage(
    await readFile(join(modules, id, 'package.json'), 'utf8'),
    source.name,
    id,
  );
  const location = checkLocation({ domain: 'npm', user: source.scope ?? NO_USER, repo: name, version });
  const program = await findProgram(join(modules, id), bin, id);
  await chmod(program, 0o700);
  await mkdir(join(folder, 'bin'), { mode: 0o700 });
  await symlink(relative(join(folder, 'bin'), join(modules, id, bin)), join(folder, 'bin', name));
  return location;
}

interface KitePackage {
  readonly version: string;
  readonly name: string;
  readonly bin: string;
}

function readPackage(json: string, packageName: string, id: string): KitePackage {
  const { kite, version } = JSON.parse(json) as {
    readonly kite?: unknown;
    readonly version?: unknown;
  };
  const { name, bin } = (typeof kite === 'string' ? { bin: kite } : (kite ?? {})) as Record<string, unknown>;
  if (typeof bin !== 'string' || bin === '') {
    throw badSource(
      `The package ${id} is not a kite: its package.json has no field "kite" with the path of a program.`,
      'A kite has a field such as "kite": "bin/math.js".',
    );
  }
  const kiteName = name ?? packageName;
  if (typeof kiteName !== 'string' || !isSegment(kiteName)) {
    throw badSource(`The kite of the package ${id} has an invalid name.`);
  }
  return { version: typeof version === 'string' ? version : '', name: kiteName.replace(/\.kite$/, ''), bin };
}

async function findProgram(folder: string, bin: string, id: string): Promise<string> {
  const program = await fileInFolder(folder, bin);
  if (program !== undefined) return program;
  throw badSource(`The program ${bin} of the package ${id} is not a file of the package.`);
}

async function runNpm(
  spec: string,
  folder: string,
  env: NpmOptions['env'],
  signal: AbortSignal,
): Promise<void> {
  const args = [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const windows = platform === 'win32';
  // Safe with a shell: a package's name and version contain no special characters.
  const started = startChild(
    () =>
      spawn(windows ? 'npm.cmd' : 'npm', [...args, '--', spec], {
        cwd: folder,
        env: childEnvironment(env),
        shell: windows,
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    (error) =>
      isOutOfDescriptors(error)
        ? configurationError('npm cannot be started: too many open files.', DESCRIPTORS_HINT, error)
        : configurationError('npm cannot be started.', 'Install npm, or use another source.', error),
  );
  const child = started instanceof Promise ? await started : started;
  const lastLine = new LastLine();
  let errorOutput = '';
  const stop = (): void => void (windows ? killGroup(child.pid ?? 0, 'SIGTERM') : child.kill('SIGTERM'));
  const onErrorOutput = guardListeners(stop)((chunk: Buffer) => {
    lastLine.add(chunk);
    errorOutput = (errorOutput + chunk.toString('utf8')).slice(-NPM_OUTPUT_LENGTH);
  });
  child.stderr.on('data', onErrorOutput);
  signal.addEventListener('abort', stop, { once: true });
  await new Promise<void>((resolve, reject) => {
    const onClose = guardListeners(reject)((code: number | null) => {
      if (signal.aborted) reject(signal.reason as Error);
      else if (code === 0) resolve();
      else reject(npmError(spec, errorOutput, lastLine.text()));
    });
    child.on('close', onClose);
  }).finally(() => signal.removeEventListener('abort', stop));
}

function npmError(spec: string, errorOutput: string, line: string): CliError {
  if (/\bE404\b/.test(errorOutput)) {
    return notFound(`There is no package ${spec} in the npm registry.`, 'Check the spelling of the name.');
  }
  const reason = /npm (?:error|ERR!) (?!code |A complete log)(.+)/.exec(errorOutput)?.[1] ?? line;
  return new CliError(`npm could not install ${spec}: ${reason}`, {
    exitCode: ExitCode.unreachable,
    type: 'npm',
    hint: `Nothing was installed. See more with: npm view ${spec}`,
  });
}
