import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FleetEnvironment } from './member.js';

/** The kites of a fleet, each in a process of its own, and what they have run. */
export class FleetProcesses {
  readonly #program: string;
  readonly #env: FleetEnvironment;
  readonly #folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  readonly #children: ChildProcess[] = [];

  private constructor(program: URL, env: FleetEnvironment) {
    this.#program = fileURLToPath(program);
    this.#env = { ...env, FLEET_NOTES: join(this.#folder, 'notes') };
    closeSync(openSync(join(this.#folder, 'notes'), 'a'));
  }

  static async start(program: URL, count: number, env: FleetEnvironment): Promise<FleetProcesses> {
    const fleet = new FleetProcesses(program, env);
    for (let index = 0; index < count; index++) await fleet.#start(index);
    return fleet;
  }

  pid(index: number): number {
    return this.#child(index).pid ?? 0;
  }

  signal(index: number, signal: NodeJS.Signals): void {
    this.#child(index).kill(signal);
  }

  /** Ends a kite, and starts it again. Resolves with the new process when it is ready. */
  async restart(index: number, signal: NodeJS.Signals): Promise<number> {
    const child = this.#child(index);
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    await this.#start(index);
    return this.pid(index);
  }

  /** Returns how many calls of a method have run more than once. */
  runTwice(method: string): number {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const line of readFileSync(join(this.#folder, 'notes'), 'utf8').split('\n')) {
      if (!line.startsWith(`${method} `)) continue;
      if (seen.has(line)) twice.add(line);
      seen.add(line);
    }
    return twice.size;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#folder, { recursive: true });
  }

  async #start(index: number): Promise<void> {
    const child = fork(this.#program, {
      env: { ...process.env, ...this.#env, FLEET_INDEX: String(index) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#children[index] = child;
    await once(child, 'message');
  }

  #child(index: number): ChildProcess {
    const child = this.#children[index];
    if (!child) throw new Error(`There is no kite ${index}`);
    return child;
  }
}
