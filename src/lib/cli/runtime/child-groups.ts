import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds between SIGTERM and SIGKILL. */
export const KILL_DELAY = 2000;
/** Milliseconds between checks whether processes have ended. */
const CHECK_INTERVAL = 20;

/**
 * Sends a signal to a process and its descendants, if it was started with `detached`. In Windows, which has neither, ends them.
 * Returns false if there is none.
 */
export function killGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (process.platform === 'win32') {
    if (signal === 0) return false;
    const { status } = spawnSync('taskkill', ['/pid', String(leader), '/t', '/f'], { windowsHide: true });
    return status === 0;
  }
  return succeeds(() => process.kill(-leader, signal));
}

/**
 * The process groups of child processes. None outlives this process, however it ends, unless it is killed. A child may leave
 * descendants behind in its group; they are tracked until `close`.
 */
export class ChildGroups {
  readonly #running = new Set<number>();
  /** Groups whose leader has ended. */
  readonly #left = new Set<number>();
  readonly #onExit = (): void => {
    for (const leader of this.#running) killGroup(leader, 'SIGKILL');
    for (const leader of this.#remaining()) killGroup(leader, 'SIGKILL');
  };

  /** Tracks the group that a new child process leads. */
  started(leader: number): void {
    if (this.#running.size + this.#left.size === 0) process.on('exit', this.#onExit);
    this.#running.add(leader);
  }

  /** The child process has ended; others of its group may still run. */
  ended(leader: number): void {
    this.#running.delete(leader);
    this.#left.add(leader);
    if (this.#remaining().length + this.#running.size === 0) process.off('exit', this.#onExit);
  }

  /** Terminates what children that have ended left behind. Resolves when it has ended. */
  async close(): Promise<void> {
    for (const leader of this.#remaining()) killGroup(leader, 'SIGTERM');
    for (let ms = 0; ms < KILL_DELAY && this.#remaining().length > 0; ms += CHECK_INTERVAL) {
      await setTimeout(CHECK_INTERVAL);
    }
    this.#onExit();
    process.off('exit', this.#onExit);
  }

  /** Returns the groups that still have processes, and forgets the others. */
  #remaining(): readonly number[] {
    for (const leader of this.#left) {
      // While a group exists, no process gets the id of its leader. If one has it, the group has ended, and the id was reused.
      const reused = succeeds(() => process.kill(leader, 0));
      if (reused || !killGroup(leader, 0)) this.#left.delete(leader);
    }
    return [...this.#left];
  }
}

function succeeds(kill: () => void): boolean {
  try {
    kill();
    return true;
  } catch {
    return false;
  }
}
