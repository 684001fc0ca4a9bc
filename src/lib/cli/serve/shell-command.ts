import { type ChildProcess, spawn } from 'node:child_process';
import { platform } from 'node:process';
import type { PassThrough } from 'node:stream';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { Clock, Timer } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import { reasonWithHint } from '../../util/descriptors.js';
import { guardListeners } from '../../util/guard-listeners.js';
import { messageOf } from '../../util/message-of.js';
import { type ChildGroups, KILL_DELAY, killGroup } from '../runtime/child-groups.js';
import { startChild } from '../runtime/start-child.js';
import { LastLine } from '../runtime/last-line.js';
import { childEnvironment } from '../settings/child-environment.js';

export interface ShellCommandOptions {
  /** The method, for error messages. */
  readonly name: string;
  /** The shell command, which comes from the user who runs `serve` and never from a caller. */
  readonly command: string;
  /** The standard input of the command. */
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables with a secret that the command gets. Default: none. */
  readonly passedSecrets?: readonly string[];
  /** Timeout in milliseconds; 0 disables it. */
  readonly timeout: number;
  /** Terminates the command. */
  readonly signal: AbortSignal;
  /** Maximum size of the output, in bytes, unless it has a `sink`. */
  readonly maxBytes: number;
  /** Gets the output while the command runs, which waits for the reader. Default: the output is the result. */
  readonly sink?: PassThrough;
  readonly clock: Clock;
  readonly groups: ChildGroups;
}

/**
 * Runs a command in a shell and resolves with its standard output. The command has its own process group, so that its child
 * processes are terminated with it.
 *
 * @throws KiteError if the command exits with a nonzero code (`message` is its last line on stderr, `code` the exit code), if
 *   it is terminated by the timeout or by `signal`, if it prints too much, or if it cannot be started. The command has ended
 *   by then.
 */
export async function runShellCommand(options: ShellCommandOptions): Promise<Buffer> {
  const { name, input, timeout, signal, maxBytes, sink, clock, groups } = options;
  if (signal.aborted) throw cancelledError(name);
  const started = startChild(
    () =>
      spawn(options.command, {
        shell: true,
        detached: platform !== 'win32',
        windowsHide: true,
        env: childEnvironment(options.env, options.passedSecrets),
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    (cause) => startError(name, cause),
  );
  const child = started instanceof Promise ? await started : started;
  const { pid: leader = 0 } = child;
  groups.started(leader);
  let failure: KiteError | undefined;
  let killTimer: Timer | undefined;
  const terminate = (error: KiteError): void => {
    if (failure) return;
    failure = error;
    killGroup(leader, 'SIGTERM');
    // Nobody reads it any more, and the command could not end.
    if (sink) child.stdout.destroy();
    killTimer = clock.setTimeout(() => {
      killGroup(leader, 'SIGKILL');
      // A process that left the group may keep these streams open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, KILL_DELAY);
  };
  const onTimeout = (): void => terminate(timeoutError(name, timeout));
  const deadline = timeout === 0 ? undefined : clock.setTimeout(onTimeout, timeout);
  const onAbort = (): void => terminate(cancelledError(name));
  signal.addEventListener('abort', onAbort, { once: true });

  const output: Buffer[] = [];
  let bytes = 0;
  const guarded = guardListeners((error) =>
    terminate(new KiteError('genericError', `${name}: ${messageOf(error)}`)),
  );
  const onOutput = guarded((chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) return terminate(outputTooLargeError(name, maxBytes));
    output.push(chunk);
  });
  const lastLine = new LastLine();
  const onErrorOutput = guarded((chunk: Buffer) => lastLine.add(chunk));
  if (sink) child.stdout.pipe(sink);
  else child.stdout.on('data', onOutput);
  child.stderr.on('data', onErrorOutput);
  // The command may exit without reading its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [code, endSignal] = await waitForExit(child);
    if (failure) throw failure;
    if (code !== 0) throw exitError(name, code, endSignal, lastLine.text());
    return Buffer.concat(output);
  } finally {
    groups.ended(leader);
    deadline?.cancel();
    killTimer?.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves with the exit code or the signal once the output has been read. */
function waitForExit(child: ChildProcess): Promise<[code: number | null, endSignal: string | null]> {
  return new Promise((resolve, reject) => {
    const guarded = guardListeners(reject);
    const onClose = guarded((code: number | null, endSignal: string | null) => resolve([code, endSignal]));
    child.on('close', onClose);
  });
}

function startError(name: string, cause: unknown): KiteError {
  return new KiteError('genericError', `${name}: the command cannot be started: ${reasonWithHint(cause)}`, {
    cause,
  });
}

function exitError(name: string, code: number | null, endSignal: string | null, line: string): KiteError {
  const how =
    code === null ? `was terminated by ${endSignal ?? 'a signal'}` : `failed with exit code ${code}`;
  const message = line === '' ? `${name}: the command ${how}` : line;
  return new KiteError('genericError', message, { code: String(code ?? endSignal) });
}

function timeoutError(name: string, ms: number): KiteError {
  const message = `${name}: the command timed out after ${formatDuration(ms)}`;
  return codedError('genericError', 'timeout', message);
}

function outputTooLargeError(name: string, maxBytes: number): KiteError {
  const message = `${name}: the command was terminated because its output exceeded ${maxBytes} bytes`;
  return codedError('genericError', 'tooLarge', message);
}

function cancelledError(name: string): KiteError {
  const message = `${name}: the command was terminated because the call was canceled`;
  return new KiteError('disconnect', message);
}
