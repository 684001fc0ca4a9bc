import type { Client } from '../../index.js';
import type { KiteIdentity } from '../../protocol/identity.js';

/** A kite with its latest measurements. */
export interface TopRow {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Whether the kite responded to the latest probe; null before the first one. */
  readonly responds: boolean | null;
  /** Round-trip time of `kite.ping`, in milliseconds. */
  readonly latency: number | null;
  /** One-minute load average of its machine. */
  readonly load: number | null;
  /** Number of processors of its machine. */
  readonly processors: number | null;
  /** Used memory of its machine, in bytes. */
  readonly memoryUsage: number | null;
  /** Total memory of its machine, in bytes. */
  readonly memoryTotal: number | null;
}

type KiteMeasurement = Omit<TopRow, 'kite' | 'url'>;

const NO_MEASUREMENT: KiteMeasurement = {
  responds: null,
  latency: null,
  load: null,
  processors: null,
  memoryUsage: null,
  memoryTotal: null,
};

export interface KiteProbeOptions {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly client: Pick<Client, 'connected' | 'dial' | 'tell' | 'close'>;
  readonly now: () => number;
}

/** Measures one kite over a persistent connection. */
export class KiteProbe {
  readonly #options: KiteProbeOptions;
  #measurement = NO_MEASUREMENT;
  #measuring = false;
  /** Set to false when `kite.systemInfo` fails, because most kites do not enable it. */
  #supportsSystemInfo = true;

  constructor(options: KiteProbeOptions) {
    this.#options = options;
  }

  get row(): TopRow {
    const { kite, url } = this.#options;
    return { kite, url, ...this.#measurement };
  }

  /** Measures the kite unless a measurement is running. Never rejects. */
  async measure(): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      this.#measurement = await this.#probe();
    } catch {
      this.#measurement = { ...NO_MEASUREMENT, responds: false };
    } finally {
      this.#measuring = false;
    }
  }

  close(): void {
    this.#options.client.close();
  }

  async #probe(): Promise<KiteMeasurement> {
    const { client, now } = this.#options;
    // After a reconnect the kite may have been restarted with kite.systemInfo.
    if (!client.connected) this.#supportsSystemInfo = true;
    await client.dial();
    const start = now();
    await client.tell('kite.ping');
    const latency = Math.round((now() - start) * 1000) / 1000;
    return { ...NO_MEASUREMENT, responds: true, latency, ...(await this.#systemInfo()) };
  }

  async #systemInfo(): Promise<Partial<KiteMeasurement>> {
    if (!this.#supportsSystemInfo) return {};
    try {
      return parseSystemInfo(await this.#options.client.tell('kite.systemInfo'));
    } catch {
      this.#supportsSystemInfo = false;
      return {};
    }
  }
}

/** Parses the result of `kite.systemInfo`. Go kites do not report the load. */
function parseSystemInfo(result: unknown): Partial<KiteMeasurement> {
  const info = (result ?? {}) as Readonly<Record<string, unknown>>;
  const { loadAverage } = info;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    load: number(Array.isArray(loadAverage) ? loadAverage[0] : undefined),
    processors: number(info['processors']),
    memoryUsage: number(info['memoryUsage']),
    memoryTotal: number(info['totalMemoryLimit']),
  };
}
