/**
 * Work in steps of less than a millisecond. It yields after each step, with a promise if the next step must wait for it.
 */
export type Steps<Result> = Generator<Promise<unknown> | undefined, Result, void>;

interface Task {
  readonly steps: Steps<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** The work of one user, in order. */
interface Lane {
  readonly user: string;
  readonly tasks: Task[];
}

/** How many steps are made in one turn of the event loop. */
const STEPS_PER_TURN = 8;

/**
 * Divides the time of the event loop between users who have much work. Each turn of the event loop makes a few steps, one for
 * each user in turn, so that calls of others are answered in between. The work of one user is done in order.
 */
export class FairTurns {
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that can make a step, the next one first. */
  readonly #ready = new Set<Lane>();
  /** Work for all users. */
  #shared: Steps<void> | undefined;
  /** Whether the last step in a turn of the event loop was one for all users. */
  #wasShared = false;
  /** Steps that were made in this turn of the event loop. */
  #steps = 0;
  #stepping = false;
  #scheduled = false;

  /**
   * Runs the steps. If no work waits, they begin at once; if they end in this turn of the event loop, their result is
   * returned or their error thrown. Otherwise, returns a promise.
   */
  run<Result>(user: string, steps: Steps<Result>): Result | Promise<Result> {
    const begun = this.#lanes.size === 0 && !this.#stepping ? this.#begin(steps) : {};
    if ('result' in begun) return begun.result;
    return new Promise<Result>((resolve, reject) => {
      const task: Task = { steps, resolve, reject };
      const lane = this.#lanes.get(user) ?? { user, tasks: [] };
      this.#lanes.set(user, lane);
      if (lane.tasks.push(task) > 1) return;
      if (begun.wait) this.#resumeAfter(lane, begun.wait);
      else this.#makeReady(lane);
    });
  }

  /**
   * Runs work for all users from the next turn of the event loop on. While users have work too, it makes every second step. The
   * work before it must have ended. Its steps wait for nothing, and must not throw.
   */
  share(steps: Steps<void>): void {
    this.#shared = steps;
    this.#schedule();
  }

  /** Waits until the user may make a step. What follows is that step. */
  async enter(user: string): Promise<void> {
    await this.run(user, noSteps());
  }

  /** Makes the steps that this turn of the event loop has left. */
  #begin<Result>(steps: Steps<Result>): { readonly result: Result } | { readonly wait?: Promise<unknown> } {
    // Begins to count again in the next turn.
    this.#schedule();
    while (this.#steps < STEPS_PER_TURN) {
      const { done, value } = this.#next(steps);
      if (done === true) return { result: value };
      if (value) return { wait: value };
    }
    return {};
  }

  #next<Result>(steps: Steps<Result>): IteratorResult<Promise<unknown> | undefined, Result> {
    this.#steps++;
    this.#stepping = true;
    try {
      return steps.next();
    } finally {
      this.#stepping = false;
    }
  }

  #turn(): void {
    this.#scheduled = false;
    this.#steps = 0;
    for (const lane of this.#ready) {
      if (this.#shared && !this.#wasShared) this.#stepShared(this.#shared);
      if (this.#steps >= STEPS_PER_TURN) break;
      this.#ready.delete(lane);
      this.#wasShared = false;
      this.#step(lane);
    }
    while (this.#shared && this.#steps < STEPS_PER_TURN) this.#stepShared(this.#shared);
    if (this.#ready.size > 0 || this.#shared) this.#schedule();
  }

  #stepShared(steps: Steps<void>): void {
    this.#wasShared = true;
    if (this.#next(steps).done !== true) return;
    if (this.#shared === steps) this.#shared = undefined;
  }

  /** Makes a step of the first task of a lane. A lane that can make another is the last one in turn. */
  #step(lane: Lane): void {
    const [task] = lane.tasks;
    if (!task) return;
    try {
      const { done, value } = this.#next(task.steps);
      if (done !== true) {
        if (value) this.#resumeAfter(lane, value);
        else this.#ready.add(lane);
        return;
      }
      task.resolve(value);
    } catch (error) {
      task.reject(error);
    }
    lane.tasks.shift();
    if (lane.tasks.length > 0) this.#ready.add(lane);
    else this.#lanes.delete(lane.user);
  }

  #resumeAfter(lane: Lane, wait: Promise<unknown>): void {
    const resume = (): void => this.#makeReady(lane);
    wait.then(resume, resume);
  }

  #makeReady(lane: Lane): void {
    this.#ready.add(lane);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }
}

// oxlint-disable-next-line require-yield -- waits for its turn only
function* noSteps(): Steps<void> {}
