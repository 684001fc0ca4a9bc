import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { MARK_INTERVAL } from '../limits/kontrol-limits.js';
import type { Steps } from './fair-turns.js';
import type { LeaseTimings } from './lease-timings.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';

export interface LostKitesOptions {
  readonly registry: Pick<Registry, 'silence' | 'endWithin'>;
  readonly timings: Pick<LeaseTimings, 'grace'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a kite has not registered again since its connection dropped. */
  readonly isLost: (entry: RegistryEntry) => boolean;
  /** Number of connected kites. */
  readonly connected: () => number;
}

interface Lost {
  readonly entry: RegistryEntry;
  /** When its connection dropped, by the monotonic clock. */
  readonly at: number;
}

/** Milliseconds after a disconnect until it is known how many kites have dropped together. */
const TOGETHER = 2000;
/** Fewer kites than this may all end at the same time. */
const FEW = 20;
const LOST_PER_STEP = 16;

/**
 * The kites whose connections have dropped with no goodbye. Each is marked as silent at once, and its lease ends after a grace,
 * unless it registers again.
 *
 * If most kites drop together, the network or a load balancer is more likely to have failed than all of them: their leases stay.
 */
export class LostKites {
  readonly #options: LostKitesOptions;
  #lost: Lost[] = [];
  /** Number of kites that were connected before the first of these dropped. */
  #connectedBefore: number | undefined;
  #timer: Timer | undefined;
  readonly #markedAt = new WeakMap<RegistryEntry, number>();
  /** The kites that were marked a short time ago, and are marked again later if they do not return. */
  readonly #held = new Set<RegistryEntry>();

  constructor(options: LostKitesOptions) {
    this.#options = options;
  }

  /** The connection of these kites has dropped. Returns the steps that mark them. */
  add(entries: readonly RegistryEntry[]): Steps<void> {
    const { clock, connected } = this.#options;
    this.#connectedBefore ??= connected() + entries.length;
    this.#schedule();
    return this.#add(entries, clock.monotonic());
  }

  *#add(entries: readonly RegistryEntry[], at: number): Steps<void> {
    let added = 0;
    for (const entry of entries) {
      if (this.#options.isLost(entry)) {
        this.#lost.push({ entry, at });
        this.#mark(entry);
      }
      if (++added % LOST_PER_STEP === 0) yield undefined;
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#lost = [];
    this.#held.clear();
  }

  #mark(entry: RegistryEntry): void {
    const { clock, registry } = this.#options;
    const now = clock.monotonic();
    if (now < (this.#markedAt.get(entry) ?? Number.NEGATIVE_INFINITY) + MARK_INTERVAL) {
      this.#held.add(entry);
      return;
    }
    this.#held.delete(entry);
    this.#markedAt.set(entry, now);
    registry.silence(entry, clock.now());
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#decide();
      if (this.#held.size > 0) this.#schedule();
    }, TOGETHER);
  }

  #decide(): void {
    const { registry, timings, clock, logger, isLost } = this.#options;
    const [lost, connected = 0] = [this.#lost, this.#connectedBefore];
    this.#lost = [];
    this.#connectedBefore = undefined;
    if (lost.length >= FEW && lost.length * 2 > connected) {
      const share = `${lost.length} of ${connected}`;
      logger.warn(
        `The connections of ${share} kites dropped together: they stay registered until their leases end. Check the network of this Kontrol`,
      );
    } else {
      const now = clock.monotonic();
      for (const { entry, at } of lost)
        if (isLost(entry)) registry.endWithin(entry, at + timings.grace - now);
    }
    for (const entry of this.#held) {
      if (isLost(entry)) this.#mark(entry);
      else this.#held.delete(entry);
    }
  }
}
