import type { RemoteKite } from '../../kite/kontrol/remote-kite.js';
import { PROBES, TOP_CONNECTIONS } from '../runtime/command-limits.js';
import { askAll } from '../target/ask-all.js';
import { sortByPath } from '../target/sort-by-path.js';
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
  #measuringNew = false;
  /** Called when a kite is added or removed. */
  onChange: () => void = () => {};

  constructor(options: KiteProbesOptions) {
    this.#options = options;
  }

  add(remote: Pick<RemoteKite, 'kite' | 'url' | 'client'>): void {
    const { kite, url } = remote;
    const { now, stay } = this.#options;
    // A kite that has returned is measured as before.
    if (this.#probes.get(kite.id)?.row.url === url) return;
    this.#drop(kite.id);
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
    this.#drop(kite.id);
    this.onChange();
  }

  #drop(id: string): void {
    this.#probes.get(id)?.close();
    this.#probes.delete(id);
  }

  rows(): TopRow[] {
    return sortByPath(Array.from(this.#probes.values(), ({ row }) => row));
  }

  /** Measures all kites until `time` milliseconds have passed, or without an end if it is 0. Does nothing while it is running. */
  async measure(time = 0): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    await this.#ask([...this.#probes.values()], time);
    this.#measuring = false;
  }

  /** Measures the kites that have not been measured yet, and those that are added meanwhile. Does nothing while it is running. */
  async measureNew(): Promise<void> {
    if (this.#measuringNew) return;
    this.#measuringNew = true;
    for (let left = this.#unasked(); left.length > 0; left = this.#unasked()) await this.#ask(left, 0);
    this.#measuringNew = false;
  }

  #unasked(): KiteProbe[] {
    if (this.#options.signal.aborted) return [];
    return [...this.#probes.values()].filter(({ row }) => !row.asked);
  }

  async #ask(probes: readonly KiteProbe[], time: number): Promise<void> {
    const { now, signal } = this.#options;
    await askAll(probes, (probe, timeout) => probe.measure(timeout), {
      parallel: PROBES,
      time,
      now,
      signal,
    });
  }
}
