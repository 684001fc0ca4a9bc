import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Output, Surroundings } from './surroundings.js';

/** The world of this process. Streams are opened when they are used: each costs time, and a terminal is changed by it. */
export class ProcessSurroundings implements Surroundings {
  readonly version: string;
  readonly noColor: boolean;
  readonly #stop = new AbortController();
  #endsByItself = false;
  readonly #used = new Set<Output>();

  /** `root` is the folder of the package, where its version stands. */
  constructor(root: string, noColor: boolean) {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    this.version = manifest.version;
    this.noColor = noColor;
  }

  get stdin(): Surroundings['stdin'] {
    return process.stdin;
  }

  get stdout(): Output {
    this.#used.add(process.stdout);
    return process.stdout;
  }

  get stderr(): Output {
    // With nobody to tell, a broken stderr is not worth another error.
    if (!this.#used.has(process.stderr)) process.stderr.on('error', () => {});
    this.#used.add(process.stderr);
    return process.stderr;
  }

  get env(): NodeJS.ProcessEnv {
    return process.env;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get endsByItself(): boolean {
    return this.#endsByItself;
  }

  endByItself(): void {
    this.#endsByItself = true;
  }

  now(): number {
    return performance.now();
  }

  stop(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** Resolves when everything that was written has left the process. */
  async flush(): Promise<void> {
    await Promise.all(
      Array.from(this.#used, (stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
    );
  }
}
