import { readdirSync, readFileSync } from 'node:fs';

/**
 * Whether a process does nothing any more: SIGSTOP has arrived at all of its threads, which takes a moment, or it has ended.
 */
export function isStopped(pid: number): boolean {
  return statesOf(pid).every((state) => /[TtZX]/.test(state));
}

/** Whether a process is gone, or waits only for its parent to take notice. */
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

/** A letter, behind the name in parentheses, which may contain some itself; `X` where there is no such process. */
function stateOf(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2)[0] ?? 'X';
  } catch {
    return 'X';
  }
}
