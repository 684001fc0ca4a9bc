import { ExitCode } from '../runtime/exit-codes.js';
import { CliError } from '../runtime/cli-error.js';
import { KILL_DELAY } from '../runtime/child-groups.js';
import { INSTANCE_DEATHS } from '../runtime/command-limits.js';
import type { InstanceFailure, InstanceReport } from '../runtime/instance-link.js';
import type { CommandErrorType } from '../../errors/error-codes.js';
import { Backoff } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import { formatDuration } from '../../util/duration.js';
import type { Logger } from '../../util/logger.js';
import type { InstanceEnd, InstanceListeners, InstanceProcess } from './instance-process.js';

/** An instance that has run for this long was started successfully, in milliseconds. */
export const STABLE_TIME = 10_000;
/** Maximum delay before an instance is started again, in milliseconds. */
const MAX_DELAY = 30_000;

export interface SupervisorOptions {
  readonly instances: number;
  readonly start: (number: number, listeners: InstanceListeners) => InstanceProcess;
  /** Called when an instance is ready for calls, each time it has started. Must not throw. */
  readonly ready: (number: number, report: InstanceReport & { readonly type: 'ready' }) => void;
  /** How long the instances may take to end before they are killed, in milliseconds. */
  readonly endTimeout: number;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Returns a random number from 0 (inclusive) to 1 (exclusive), for the delays. Default: `Math.random`. */
  readonly random?: () => number;
}

interface Slot {
  readonly number: number;
  readonly backoff: Backoff;
  process: InstanceProcess | undefined;
  /** The time of the start, of the monotonic clock. */
  startedAt: number;
  /** Whether it has listened, and whether it was ready, at least once. */
  listened: boolean;
  wasReady: boolean;
  /** Why the process ended, if it has reported that. */
  failure: InstanceFailure | undefined;
  /** How often it has ended in its first seconds, one time after the other. */
  deaths: number;
  /** Runs while the next start is delayed. */
  timer: Timer | undefined;
}

/**
 * Runs several instances of a kite. One that ends is started again, after a delay that grows while it ends in its first seconds.
 * The start must succeed: an instance that fails before it was ready, or that ends again and again before any has run for
 * `STABLE_TIME`, ends all of them.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  readonly #failed: Promise<never>;
  #fail: (error: CliError) => void = () => {};
  #stable = false;
  #ending = false;
  #forced = false;
  #allEnded: () => void = () => {};
  /** Why instances have not ended as they should, by number. */
  readonly #unclean = new Map<number, string>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.instances }, (_, index) => this.#newSlot(index + 1));
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
  }

  /**
   * Starts the instances, and ends them when `aborted` resolves. Resolves when all have ended.
   *
   * @throws CliError if they cannot be started, or if an instance did not end as it should
   */
  async run(aborted: Promise<void>): Promise<void> {
    for (const slot of this.#slots) this.#start(slot);
    try {
      await Promise.race([this.#failed, aborted]);
    } catch (error) {
      await this.#end(({ process }) => process?.release());
      throw error;
    }
    await this.#end(({ process }) => process?.command('end'));
    // The process exits at once.
    if (this.#forced) await new Promise<never>(() => {});
    const [first] = this.#unclean;
    if (!first) return;
    const [number, how] = first;
    throw instanceError(
      `Instance ${number} did not finish its calls: ${how}.`,
      'Its log may contain the reason.',
    );
  }

  reload(): void {
    for (const { process } of this.#slots) process?.command('reload');
  }

  toggleDebug(): void {
    for (const { process } of this.#slots) process?.command('toggleDebug');
  }

  /** Ends the instances, which were told to end before, at once. Kills those that cannot. Resolves when all have ended. */
  async endAtOnce(): Promise<void> {
    this.#forced = true;
    await this.#end(({ process }) => {
      process?.release();
      // Only for one that has lost the connection before.
      process?.kill('SIGTERM');
    }, KILL_DELAY);
  }

  #newSlot(number: number): Slot {
    const { random } = this.#options;
    return {
      number,
      backoff: new Backoff({ max: MAX_DELAY, ...(random && { random }) }),
      process: undefined,
      startedAt: 0,
      listened: false,
      wasReady: false,
      failure: undefined,
      deaths: 0,
      timer: undefined,
    };
  }

  #start(slot: Slot): void {
    const { start, clock, logger } = this.#options;
    slot.timer = undefined;
    slot.failure = undefined;
    slot.startedAt = clock.monotonic();
    slot.process = start(slot.number, {
      reported: (report) => this.#reported(slot, report),
      ended: (end) => this.#ended(slot, end),
    });
    if (slot.process.pid !== 0) logger.info(`Started ${named(slot)}`);
  }

  #reported(slot: Slot, report: InstanceReport): void {
    if (report.type === 'failed') slot.failure = report.failure;
    else slot.listened = true;
    if (report.type !== 'ready') return;
    slot.wasReady = true;
    this.#options.ready(slot.number, report);
  }

  #ended(slot: Slot, { clean, how }: InstanceEnd): void {
    const { clock, logger } = this.#options;
    const name = capitalized(named(slot));
    slot.process = undefined;
    if (this.#ending) {
      // One that was still starting has no calls.
      if (!clean && slot.listened && !this.#unclean.has(slot.number)) this.#unclean.set(slot.number, how);
      if (this.#running().length === 0) this.#allEnded();
      return;
    }
    const error = this.#startError(slot, how);
    if (error) return this.#fail(error);
    const delay = slot.backoff.next();
    slot.timer = clock.setTimeout(() => this.#start(slot), delay);
    const { message = how, hint = '' } = slot.failure ?? {};
    const again = `It starts again in ${formatDuration(Math.round(delay))}.`;
    logger.warn(`${name} ended: ${message.replace(/\.$/, '')}. ${hint === '' ? '' : `${hint} `}${again}`);
  }

  /** Returns the error with which the command ends, because the instance could not be started, and undefined if it can be again. */
  #startError(slot: Slot, how: string): CliError | undefined {
    if (slot.failure && !slot.wasReady) return toError(slot.failure);
    if (!slot.listened)
      return instanceError(
        `Instance ${slot.number} ended before it listened: ${how}.`,
        'Find the cause by starting it without --instances.',
      );
    const time = this.#options.clock.monotonic() - slot.startedAt;
    if (time >= STABLE_TIME) {
      this.#stable = true;
      slot.deaths = 0;
      slot.backoff.reset();
    }
    slot.deaths++;
    if (slot.deaths <= INSTANCE_DEATHS || this.#isStable()) return undefined;
    return instanceError(
      `Instance ${slot.number} ended ${slot.deaths} times in a row, each time within ${formatDuration(STABLE_TIME)} ` +
        `after its start, at last: ${slot.failure?.message ?? how}.`,
      'Find the cause in the log above, or by starting it without --instances.',
    );
  }

  /** Whether an instance has run long enough for the start to be successful. */
  #isStable(): boolean {
    const now = this.#options.clock.monotonic();
    this.#stable ||= this.#running().some(
      ({ wasReady, startedAt }) => wasReady && now - startedAt >= STABLE_TIME,
    );
    return this.#stable;
  }

  #running(): readonly Slot[] {
    return this.#slots.filter(({ process }) => process);
  }

  async #end(tell: (slot: Slot) => void, timeout = this.#options.endTimeout): Promise<void> {
    const { clock, logger } = this.#options;
    this.#ending = true;
    for (const { timer } of this.#slots) timer?.cancel();
    if (this.#running().length === 0) return;
    const former = this.#allEnded;
    const allEnded = new Promise<void>((resolve) => {
      this.#allEnded = () => {
        former();
        resolve();
      };
    });
    for (const slot of this.#running()) tell(slot);
    const timer = clock.setTimeout(() => {
      for (const slot of this.#running()) {
        const how = `it was killed because it had not ended after ${formatDuration(timeout)}`;
        logger.error(`${capitalized(named(slot))} does not end, and is killed`);
        this.#unclean.set(slot.number, how);
        slot.process?.kill('SIGKILL');
      }
    }, timeout);
    await allEnded;
    timer.cancel();
  }
}

function named({ number, process }: Slot): string {
  return process && process.pid !== 0 ? `instance ${number} (process ${process.pid})` : `instance ${number}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function instanceError(message: string, hint: string): CliError {
  return new CliError(message, { exitCode: ExitCode.remoteError, type: 'instance', hint });
}

function toError({ message, type, ...options }: InstanceFailure): CliError {
  return new CliError(message, { ...options, type: type as CommandErrorType });
}
