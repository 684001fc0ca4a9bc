import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { platform } from 'node:process';
import { CliError, configurationError, notFound } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { LastLine } from '../runtime/last-line.js';
import { badSource, checkedPlace, isSegment, NOBODY, type Place } from './kite-folder.js';
import type { Source } from './install-source.js';
import { NPM_OUTPUT_LENGTH } from '../runtime/command-limits.js';

export interface NpmOptions {
  readonly source: Extract<Source, { type: 'npm' }>;
  /** New folder for the kite. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Installs a package with what it depends on, by npm itself: so the person's registry, credentials and cache are used, and
 * npm checks what it gets against the digests of the registry. Scripts of packages do not run.
 *
 * The package says which file is the kite: `"kite": "bin/math.js"`, or `{"name": "math", "bin": "bin/math.js"}`.
 *
 * @throws CliError where npm fails, or the package is no kite
 */
export async function installPackage({ source, folder, env, signal }: NpmOptions): Promise<Place> {
  await mkdir(folder, { mode: 0o700 });
  // npm would look for a project in the folders above.
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  await runNpm(source.spec, folder, env, signal);
  const id = source.scope === undefined ? source.name : `@${source.scope}/${source.name}`;
  const modules = join(folder, 'node_modules');
  const { version, name, bin } = readPackage(
    await readFile(join(modules, id, 'package.json'), 'utf8'),
    source.name,
    id,
  );
  const place = checkedPlace({ domain: 'npm', user: source.scope ?? NOBODY, repo: name, version });
  const program = await programIn(join(modules, id), bin, id);
  await chmod(program, 0o700);
  await mkdir(join(folder, 'bin'), { mode: 0o700 });
  await symlink(relative(join(folder, 'bin'), join(modules, id, bin)), join(folder, 'bin', name));
  return place;
}

interface KitePackage {
  readonly version: string;
  readonly name: string;
  readonly bin: string;
}

function readPackage(text: string, packageName: string, id: string): KitePackage {
  const { kite, version } = JSON.parse(text) as { readonly kite?: unknown; readonly version?: unknown };
  const { name, bin } = (typeof kite === 'string' ? { bin: kite } : (kite ?? {})) as Record<string, unknown>;
  if (typeof bin !== 'string' || bin === '') {
    throw badSource(
      `The package ${id} is not a kite: its package.json has no "kite" with the name of a program.`,
      'It is written like this: "kite": "bin/math.js"',
    );
  }
  const chosen = name ?? packageName;
  if (typeof chosen !== 'string' || !isSegment(chosen)) {
    throw badSource(`The package ${id} has a kite whose name is not a plain name.`);
  }
  return { version: typeof version === 'string' ? version : '', name: chosen.replace(/\.kite$/, ''), bin };
}

async function programIn(folder: string, bin: string, id: string): Promise<string> {
  const root = await realpath(folder);
  const program = await realpath(join(folder, bin)).catch(() => undefined);
  const inside = program?.startsWith(root + sep) ?? false;
  if (program !== undefined && inside && (await stat(program)).isFile()) return program;
  throw badSource(`The package ${id} names ${bin} as its kite, which is not one of its files.`);
}

function runNpm(spec: string, folder: string, env: NpmOptions['env'], signal: AbortSignal): Promise<void> {
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
  // A package's name and version have no characters that mean something to a shell.
  const child = spawn(windows ? 'npm.cmd' : 'npm', [...args, '--', spec], {
    cwd: folder,
    env: { ...env },
    shell: windows,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = new LastLine();
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said.add(chunk);
    text = (text + chunk.toString('utf8')).slice(-NPM_OUTPUT_LENGTH);
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  return new Promise<void>((resolve, reject) => {
    child.on('error', (error) => {
      reject(configurationError('npm cannot be started.', 'Install it, or name another source.', error));
    });
    child.on('close', (code) => {
      if (signal.aborted) reject(signal.reason as Error);
      else if (code === 0) resolve();
      else reject(npmFailed(spec, text, said.text()));
    });
  }).finally(() => signal.removeEventListener('abort', stop));
}

function npmFailed(spec: string, text: string, line: string): CliError {
  if (/\bE404\b/.test(text)) {
    return notFound(`There is no package ${spec} in the npm registry.`, 'Check the spelling of its name.');
  }
  const reason = /npm (?:error|ERR!) (?!code |A complete log)(.+)/.exec(text)?.[1] ?? line;
  return new CliError(`npm could not install ${spec}: ${reason}`, {
    exitCode: ExitCode.unreachable,
    type: 'npm',
    hint: `Nothing was installed. See more with: npm view ${spec}`,
  });
}
