import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from '../cli/cli-harness.js';
import type { Report } from './document-run.js';
import type { Preparation } from './preparations.js';

const LOOPBACK_UP = 'ip link set lo up && exec "$@"';

/** The command that runs a program in a network namespace of its own; empty if the system does not allow it. */
function ownNetwork(): string[] {
  const asRoot = process.getuid?.() === 0;
  const rights = asRoot ? [] : ['--map-current-user', '--keep-caps'];
  const prefix = ['unshare', ...rights, '--net', 'sh', '-c', LOOPBACK_UP, 'sh'];
  const [program = '', ...args] = prefix;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? prefix : [];
}

/** Runs a document in a separate process. */
export async function runDocument(
  path: string,
  file: string,
  preparations: readonly Preparation[],
): Promise<Report> {
  const runner = fileURLToPath(new URL('run-document.ts', import.meta.url));
  const command = [process.execPath, '--import', 'tsx', runner, path, file, ...preparations];
  const [program = '', ...args] = [...ownNetwork(), ...command];
  const child = spawn(program, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (stdout === '') throw new Error(`${path} could not be run: ${stderr}`);
  return JSON.parse(stdout) as Report;
}
