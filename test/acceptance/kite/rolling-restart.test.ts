import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Client, isKiteError, Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { cleanEnv, root, Running } from '../../helpers/cli/cli-harness.js';
import { type SingleTransport, SINGLE_TRANSPORTS } from '../../helpers/transport/transports.js';

const CONNECTIONS = 50;
const IN_FLIGHT = 64;
const ROUNDS = 3;
/** Answers that arrive before each signal. */
const ANSWERS_PER_ROUND = 200;

/** A kite in a process of its own. */
class Worker {
  readonly #running: Running;
  url = '';

  private constructor(running: Running) {
    this.#running = running;
  }

  static async start(): Promise<Worker> {
    const program = join(root, 'test/helpers/kite/counting-kite.mjs');
    const library = join(root, 'dist/lib/index.js');
    const child = spawn(process.execPath, [program, library], {
      env: cleanEnv(root),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await running.outcome;
    });
    const worker = new Worker(running);
    await running.until(({ stdout }) => stdout.includes('listens at '));
    worker.url = /listens at (\S+)/.exec(running.stdout)?.[1] ?? '';
    return worker;
  }

  /** Ends the kite with SIGTERM. Returns how often its handler has run. */
  async end(): Promise<number> {
    this.#running.child.kill('SIGTERM');
    const { stdout, stderr } = await this.#running.outcome;
    expect(stderr).toBe('');
    return Number(/runs: (\d+)/.exec(stdout)?.[1]);
  }
}

/** A connection of several callers, which moves to the next kite when the current one does not take a call. */
class Moving {
  readonly #kite: Kite;
  readonly #transport: SingleTransport;
  readonly #workers: readonly Worker[];
  #next: number;
  #client: Promise<Client> | undefined;

  constructor(kite: Kite, transport: SingleTransport, workers: readonly Worker[], first: number) {
    this.#kite = kite;
    this.#transport = transport;
    this.#workers = workers;
    this.#next = first;
  }

  get client(): Promise<Client> {
    return (this.#client ??= this.#dial());
  }

  /** Another caller may have moved already. */
  move(from: Promise<Client>): void {
    if (this.#client === from) this.#client = undefined;
  }

  async #dial(): Promise<Client> {
    for (;;) {
      const { url } = this.#workers[this.#next++ % this.#workers.length] as Worker;
      const client = this.#kite.newClient(url, { transport: this.#transport, timeout: 0 });
      try {
        await client.dial();
        return client;
      } catch (error) {
        if (!isKiteError(error) || !error.retryable) throw error;
      }
    }
  }
}

describe.each(SINGLE_TRANSPORTS)('kites that are replaced one after the other, over %s', (transport) => {
  it('a kite that ends under load loses no call, and rejects only calls that it has not run', async () => {
    const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => caller.close());
    const workers = [await Worker.start(), await Worker.start()];
    const connections = Array.from(
      { length: CONNECTIONS },
      (_, index) => new Moving(caller, transport, workers, index),
    );
    const failures: Record<string, number> = {};
    let answers = 0;
    let done = false;
    let enough = (): void => undefined;
    const call = async (connection: Moving): Promise<void> => {
      while (!done) {
        const connecting = connection.client;
        const client = await connecting;
        try {
          await client.tell('work');
          answers++;
          enough();
        } catch (error) {
          const code = isKiteError(error) ? error.code || error.type : 'not a KiteError';
          failures[code] = (failures[code] ?? 0) + 1;
          connection.move(connecting);
        }
      }
    };
    const until = (count: number): Promise<void> =>
      new Promise((resolve) => {
        enough = () => {
          if (answers >= count) resolve();
        };
      });
    const callers = Array.from({ length: IN_FLIGHT }, (_, index) =>
      call(connections[index % CONNECTIONS] as Moving),
    );
    let runs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await until(answers + ANSWERS_PER_ROUND);
      const ending = workers[round % workers.length] as Worker;
      const ended = ending.end();
      await until(answers + ANSWERS_PER_ROUND);
      runs += await ended;
      workers[round % workers.length] = await Worker.start();
    }
    await until(answers + ANSWERS_PER_ROUND);
    done = true;
    await Promise.all(callers);
    for (const worker of workers) runs += await worker.end();
    const { lost = 0, draining = 0, notSent = 0, ...others } = failures;
    console.log(
      `${transport}: ${runs} runs, ${answers} answers, lost ${lost}, draining ${draining}, notSent ${notSent}`,
    );
    expect(others).toEqual({});
    expect(lost).toBe(0);
    expect(runs).toBe(answers + lost);
    expect(draining + notSent).toBeGreaterThan(0);
  });
});
