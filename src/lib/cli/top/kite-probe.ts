import type { Client } from '../../index.js';
import type { KiteIdentity } from '../../protocol/identity.js';

/** What is known of a kite that runs. */
export interface Row {
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Whether it answered the last time it was asked; null = it has not been asked yet. */
  readonly answers: boolean | null;
  /** Milliseconds that its answer to kite.ping took. */
  readonly latency: number | null;
  /** Load of its machine, averaged over the last minute, and how many processors share it. */
  readonly load: number | null;
  readonly processors: number | null;
  /** Bytes of its machine's memory. */
  readonly memoryUsage: number | null;
  readonly memoryTotal: number | null;
}

type Measurement = Omit<Row, 'kite' | 'url'>;

const NOTHING: Measurement = {
  answers: null,
  latency: null,
  load: null,
  processors: null,
  memoryUsage: null,
  memoryTotal: null,
};

export interface ProbeOptions {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly client: Pick<Client, 'connected' | 'dial' | 'tell' | 'close'>;
  readonly now: () => number;
}

/** Asks one kite how it is, over a connection that stays. */
export class Probe {
  readonly #options: ProbeOptions;
  #measured = NOTHING;
  #measuring = false;
  /** Most kites do not answer kite.systemInfo, and are asked once. */
  #tellsSystem = true;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  get row(): Row {
    const { kite, url } = this.#options;
    return { kite, url, ...this.#measured };
  }

  /** Asks, unless an answer is being waited for. Never rejects. */
  async measure(): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      this.#measured = await this.#ask();
    } catch {
      this.#measured = { ...NOTHING, answers: false };
    } finally {
      this.#measuring = false;
    }
  }

  close(): void {
    this.#options.client.close();
  }

  async #ask(): Promise<Measurement> {
    const { client, now } = this.#options;
    // A kite that was gone may be another one now.
    if (!client.connected) this.#tellsSystem = true;
    await client.dial();
    const start = now();
    await client.tell('kite.ping');
    const latency = Math.round((now() - start) * 1000) / 1000;
    return { ...NOTHING, answers: true, latency, ...(await this.#system()) };
  }

  async #system(): Promise<Partial<Measurement>> {
    if (!this.#tellsSystem) return {};
    try {
      return readSystem(await this.#options.client.tell('kite.systemInfo'));
    } catch {
      this.#tellsSystem = false;
      return {};
    }
  }
}

/** What kites answer, those in Go without the load. */
function readSystem(answer: unknown): Partial<Measurement> {
  const info = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const { loadAverage } = info;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    load: number(Array.isArray(loadAverage) ? loadAverage[0] : undefined),
    processors: number(info['processors']),
    memoryUsage: number(info['memoryUsage']),
    memoryTotal: number(info['totalMemoryLimit']),
  };
}
