import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { Memory, ChildCommand } from './child.js';
import type { ScenarioResult, Scenario } from './scenarios.js';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

const compiled = new URL('dist/', import.meta.url);
/** The compiled `child.ts`. Compiling in each process would count as memory of the peer. */
const childFile = fileURLToPath(new URL('child.mjs', compiled));

await build({
  entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
  outdir: fileURLToPath(compiled),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // A peer whose packages are not installed is in a file of its own.
  splitting: true,
  packages: 'external',
  external: ['*/dist/lib/index.js'],
  platform: 'node',
  format: 'esm',
  target: 'node20',
});

/** The process of one end of a peer. */
class ChildPeer {
  readonly #process: ChildProcess;
  #pending: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  constructor(role: string, peer: string) {
    this.#process = fork(childFile, [role, peer], {
      execArgv: ['--expose-gc', '--no-warnings'],
      env: { ...process.env, BENCH_KEY: key.toString(), NODE_EXTRA_CA_CERTS: undefined },
    });
    this.#process.on('message', ({ value, error }: { value: unknown; error?: string }) => {
      if (error) this.#pending?.reject(new Error(error));
      else this.#pending?.resolve(value);
    });
    this.#process.on('exit', () => this.#pending?.reject(new Error(`The ${role} of ${peer} has exited`)));
  }

  /** Returns the next message of the process: that it is ready, or the result of a command. */
  next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  send(command: ChildCommand): Promise<unknown> {
    const result = this.next();
    this.#process.send(command);
    return result;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** The server and the client of a peer. */
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
    const processes = new PeerProcesses(name);
    await Promise.all([processes.#server.next(), processes.#client.next()]);
    processes.#url = (await processes.#server.send({ type: 'listen' })) as string;
    return processes;
  }

  async run(scenario: Scenario, ms: number): Promise<ScenarioResult> {
    return (await this.#client.send({ type: 'run', scenario, url: this.#url, ms })) as ScenarioResult;
  }

  /** Opens idle connections, with one call on each. */
  async idle(count: number): Promise<void> {
    await this.#client.send({ type: 'idle', url: this.#url, count });
  }

  /** Returns the CPU time that each end has used, in microseconds. */
  cpu(): Promise<{ server: number; client: number }> {
    return this.#both({ type: 'cpu' });
  }

  memory(): Promise<{ server: Memory; client: Memory }> {
    return this.#both({ type: 'memory' });
  }

  /** Returns the resident memory of each end, in bytes. */
  resident(): Promise<{ server: number; client: number }> {
    return this.#both({ type: 'resident' });
  }

  /** Returns the most memory that each end has taken so far, in bytes. */
  peak(): Promise<{ server: number; client: number }> {
    return this.#both({ type: 'peak' });
  }

  async #both<Result = number>(command: ChildCommand): Promise<{ server: Result; client: Result }> {
    return {
      server: (await this.#server.send(command)) as Result,
      client: (await this.#client.send(command)) as Result,
    };
  }

  /** Returns how many bytes the server has read for a consumer that sleeps. */
  async produced(ms: number): Promise<number> {
    return (await this.#client.send({ type: 'produced', url: this.#url, ms })) as number;
  }

  /** Returns the times until an abort has arrived, in milliseconds. */
  async aborts(count: number): Promise<number[]> {
    return (await this.#client.send({ type: 'aborts', url: this.#url, count })) as number[];
  }

  stop(): void {
    this.#server.stop();
    this.#client.stop();
  }
}
