import { type ChildProcess, spawn } from 'node:child_process';
import { kill, platform } from 'node:process';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { Clock } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import { LastLine } from '../runtime/last-line.js';

export interface ShellCommand {
  /** What fails, for messages. */
  readonly name: string;
  /** What the shell runs. It comes from whoever serves, never from a caller. */
  readonly command: string;
  /** What the command reads. */
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it is ended; 0 = never. */
  readonly timeout: number;
  /** Ends it: nobody waits for what it prints any more. */
  readonly signal: AbortSignal;
  /** Most bytes that it may print. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Milliseconds between asking a command to end and ending it. */
const GRACE = 2000;

/**
 * Runs a command in a shell and resolves with what it printed. It has a process group of its own, so that whatever it
 * starts ends with it.
 *
 * Rejects with a KiteError: when it exits with another code than 0 (its last line on stderr is the message, the exit code
 * the `code`), is ended by its deadline or by `signal`, prints too much, or cannot be started. It is over by then.
 */
export async function runShellCommand(options: ShellCommand): Promise<string> {
  const { name, input, timeout, signal, maxBytes, clock } = options;
  if (signal.aborted) throw abandoned(name);
  const child = spawn(options.command, {
    shell: true,
    detached: platform !== 'win32',
    windowsHide: true,
    env: { ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let failure: KiteError | undefined;
  let forced: ReturnType<Clock['setTimeout']> | undefined;
  const end = (error: KiteError): void => {
    if (failure) return;
    failure = error;
    endGroup(child, 'SIGTERM');
    forced = clock.setTimeout(() => {
      endGroup(child, 'SIGKILL');
      // What left the group may hold them open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, GRACE);
  };
  const late = (): void => end(tooLate(name, timeout));
  const deadline = timeout === 0 ? undefined : clock.setTimeout(late, timeout);
  const aborted = (): void => end(abandoned(name));
  signal.addEventListener('abort', aborted, { once: true });

  const printed: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) return end(tooMuch(name, maxBytes));
    printed.push(chunk);
  });
  const said = new LastLine();
  child.stderr.on('data', (chunk: Buffer) => said.add(chunk));
  // A command need not read what it is given.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [code, by] = await ending(child, name);
    if (failure) throw failure;
    if (code !== 0) throw failed(name, code, by, said.text());
    return decode(Buffer.concat(printed), name);
  } finally {
    deadline?.cancel();
    forced?.cancel();
    signal.removeEventListener('abort', aborted);
  }
}

/** How a command ended, once its output has been read. */
function ending(child: ChildProcess, name: string): Promise<[code: number | null, by: string | null]> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      if (child.pid !== undefined) return;
      reject(new KiteError('genericError', `The command of ${quoted(name)} cannot be started`, { cause }));
    });
    child.on('close', (code, by) => resolve([code, by]));
  });
}

function endGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  if (platform === 'win32') {
    child.kill(signal);
    return;
  }
  try {
    kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KiteError('genericError', `${name}: the output is not valid UTF-8`);
  }
}

function failed(name: string, code: number | null, by: string | null, line: string): KiteError {
  const how = code === null ? `was ended by ${by ?? 'a signal'}` : `failed with exit code ${code}`;
  const message = line === '' ? `The command of ${quoted(name)} ${how}` : line;
  return new KiteError('genericError', message, { code: String(code ?? by) });
}

function tooLate(name: string, ms: number): KiteError {
  const message = `The command of ${quoted(name)} took longer than ${formatDuration(ms)}, and was ended`;
  return codedError('genericError', 'timeout', message);
}

function tooMuch(name: string, most: number): KiteError {
  const message = `The command of ${quoted(name)} printed more than ${most} bytes, and was ended`;
  return codedError('genericError', 'tooLarge', message);
}

function abandoned(name: string): KiteError {
  const message = `The command of ${quoted(name)} was ended: nobody waits for it any more`;
  return new KiteError('disconnect', message);
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
