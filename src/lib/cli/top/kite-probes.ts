import type { RemoteKite } from '../../kite/kontrol/remote-kite.js';
import { kitePath } from '../../protocol/identity.js';
import { PROBES, TOP_CONNECTIONS } from '../runtime/command-limits.js';
import { askAll } from '../target/ask-all.js';
import { KiteProbe, type TopRow } from './kite-probe.js';

export interface KiteProbesOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Whether to stay connected to the kites for further measurements. */
  readonly stay: boolean;
}

/** The probes of all registered kites. */
export class KiteProbes {
  readonly #options: KiteProbesOptions;
  readonly #probes = new Map<string, KiteProbe>();
  #measuring = false;
  /** Called when a kite is added or removed. */
  onChange: () => void = () => {};

  constructor(options: KiteProbesOptions) {
    this.#options = options;
  }

  add(remote: Pick<RemoteKite, 'kite' | 'url' | 'client'>): void {
    const { kite, url } = remote;
    const { now, stay } = this.#options;
    this.#probes.get(kite.id)?.close();
    this.#probes.set(
      kite.id,
      new KiteProbe({
        kite,
        url,
        newClient: (timeout) => remote.client({ timeout, handshakeTimeout: timeout }),
        stay: stay && this.#probes.size < TOP_CONNECTIONS,
        now,
      }),
    );
    this.onChange();
  }

  remove({ kite }: Pick<RemoteKite, 'kite'>): void {
    this.#probes.get(kite.id)?.close();
    this.#probes.delete(kite.id);
    this.onChange();
  }

  rows(): TopRow[] {
    const all = Array.from(this.#probes.values(), ({ row }) => row);
    return all.toSorted((a, b) => (kitePath(a.kite) < kitePath(b.kite) ? -1 : 1));
  }

  /** Measures all kites until `time` milliseconds have passed, or without an end if it is 0. Does nothing while it is running. */
  async measure(time = 0): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    await this.#ask([...this.#probes.values()], time);
    this.#measuring = false;
  }

  /** Measures the kites that have not been measured yet. */
  async measureNew(): Promise<void> {
    await this.#ask(
      [...this.#probes.values()].filter(({ row }) => !row.asked),
      0,
    );
  }

  async #ask(probes: readonly KiteProbe[], time: number): Promise<void> {
    const { now, signal } = this.#options;
    await askAll(probes, (probe, remaining) => probe.measure(remaining), {
      parallel: PROBES,
      time,
      now,
      signal,
    });
  }
}
