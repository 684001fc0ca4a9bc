import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Memory, ChildCommand } from './child.js';
import type { ScenarioResult, Scenario } from './scenarios.js';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

/** One end of a peer, in a process of its own. */
class ChildPeer {
  readonly #process: ChildProcess;
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(role: string, peer: string) {
    this.#process = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [role, peer], {
      execArgv: ['--import', 'tsx', '--expose-gc', '--no-warnings'],
      env: { ...process.env, BENCH_KEY: key.toString(), NODE_EXTRA_CA_CERTS: undefined },
    });
    this.#process.on('message', ({ value, error }: { value: unknown; error?: string }) => {
      if (error) this.#waiting?.reject(new Error(error));
      else this.#waiting?.resolve(value);
    });
    this.#process.on('exit', () => this.#waiting?.reject(new Error(`The ${role} of ${peer} has left`)));
  }

  /** What it says next: that it is ready, or the answer to an order. */
  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  tell(order: ChildCommand): Promise<unknown> {
    const answer = this.next();
    this.#process.send(order);
    return answer;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** A server and a client of one peer. */
export class PeerProcesses {
  readonly name: string;
  readonly #server: ChildPeer;
  readonly #client: ChildPeer;
  #url = '';

  constructor(name: string) {
    this.name = name;
    this.#server = new ChildPeer('server', name);
    this.#client = new ChildPeer('client', name);
  }

  static async start(name: string): Promise<PeerProcesses> {
    const running = new PeerProcesses(name);
    await Promise.all([running.#server.next(), running.#client.next()]);
    running.#url = (await running.#server.tell({ do: 'listen' })) as string;
    return running;
  }

  async run(scenario: Scenario, ms: number): Promise<ScenarioResult> {
    return (await this.#client.tell({ do: 'run', scenario, url: this.#url, ms })) as ScenarioResult;
  }

  /** Opens connections that stay open, with one call on each. */
  async idle(count: number): Promise<void> {
    await this.#client.tell({ do: 'idle', url: this.#url, count });
  }

  /** Microseconds of CPU that each end has taken so far. */
  async cpu(): Promise<{ server: number; client: number }> {
    const order = { do: 'cpu' } as const;
    return {
      server: (await this.#server.tell(order)) as number,
      client: (await this.#client.tell(order)) as number,
    };
  }

  async memory(): Promise<{ server: Memory; client: Memory }> {
    const order = { do: 'memory' } as const;
    return {
      server: (await this.#server.tell(order)) as Memory,
      client: (await this.#client.tell(order)) as Memory,
    };
  }

  stop(): void {
    this.#server.stop();
    this.#client.stop();
  }
}
