import type { Client } from '../../index.js';
import type { KiteIdentity } from '../../protocol/identity.js';

/** A kite with its latest measurements. */
export interface TopRow {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Whether a probe of the kite has ended; `responds` is null until then. */
  readonly asked: boolean;
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
  asked: false,
  responds: null,
  latency: null,
  load: null,
  processors: null,
  memoryUsage: null,
  memoryTotal: null,
};

type ProbeClient = Pick<Client, 'connected' | 'dial' | 'tell' | 'close'>;

export interface KiteProbeOptions {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Returns a client whose dialing and calls have this timeout, in milliseconds. */
  readonly newClient: (timeout: number) => ProbeClient;
  /** Whether to stay connected after a measurement. */
  readonly stay: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Measures one kite. */
export class KiteProbe {
  readonly #options: KiteProbeOptions;
  #measurement = NO_MEASUREMENT;
  #running: Promise<void> | undefined;
  #client: ProbeClient | undefined;
  /** Set to false when `kite.systemInfo` fails, because most kites do not enable it. */
  #supportsSystemInfo = true;

  constructor(options: KiteProbeOptions) {
    this.#options = options;
  }

  get row(): TopRow {
    const { kite, url } = this.#options;
    return { kite, url, ...this.#measurement };
  }

  /** Measures the kite, or waits for the measurement that is running. Never rejects. */
  measure(timeout: number): Promise<void> {
    this.#running ??= this.#measure(timeout).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #measure(timeout: number): Promise<void> {
    try {
      this.#measurement = await this.#probe(this.#connection(timeout));
    } catch {
      this.#measurement = { ...NO_MEASUREMENT, asked: true, responds: false };
    } finally {
      if (!this.#options.stay) this.close();
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #connection(timeout: number): ProbeClient {
    this.#client ??= this.#options.newClient(timeout);
    return this.#client;
  }

  async #probe(client: ProbeClient): Promise<KiteMeasurement> {
    const { now } = this.#options;
    // After a reconnect the kite may have been restarted with kite.systemInfo.
    if (!client.connected) this.#supportsSystemInfo = true;
    await client.dial();
    const start = now();
    await client.tell('kite.ping');
    const latency = Math.round((now() - start) * 1000) / 1000;
    const systemInfo = await this.#systemInfo(client);
    return { ...NO_MEASUREMENT, asked: true, responds: true, latency, ...systemInfo };
  }

  async #systemInfo(client: ProbeClient): Promise<Partial<KiteMeasurement>> {
    if (!this.#supportsSystemInfo) return {};
    try {
      return parseSystemInfo(await client.tell('kite.systemInfo'));
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
