import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process is stopped: SIGSTOP has reached all of its threads, which takes a moment, or it has ended. */
export function isStopped(pid: number): boolean {
  return statesOf(pid).every((state) => /[TtZX]/.test(state));
}

/** Whether a process has ended, or is a zombie. */
export function hasEnded(pid: number): boolean {
  return statesOf(pid).every((state) => /[ZX]/.test(state));
}

function statesOf(pid: number): string[] {
  return threadsOf(pid).map((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`));
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/**
 * The state letter after the name in parentheses, which may contain parentheses itself; `X` if the process does not exist.
 */
function stateOf(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2)[0] ?? 'X';
  } catch {
    return 'X';
  }
}
