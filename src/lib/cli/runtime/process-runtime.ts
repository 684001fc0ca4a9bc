import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../util/clock.js';
import type { ColorChoice } from './color-setting.js';
import type { Output, CommandRuntime } from './command-runtime.js';

/** The world of this process. Streams are opened when they are used: each costs time, and a terminal is changed by it. */
export class ProcessRuntime implements CommandRuntime {
  readonly version: string;
  readonly color: ColorChoice;
  readonly noInput: boolean;
  readonly clock: Clock = systemClock;
  readonly #stop = new AbortController();
  #onUnwritable: (error: NodeJS.ErrnoException) => void = () => {};
  #exitDeferred = false;
  readonly #used = new Set<Output>();

  /** `root` is the folder of the package, where its version stands. */
  constructor(root: string, { color, noInput }: Pick<CommandRuntime, 'color' | 'noInput'>) {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    this.version = manifest.version;
    this.color = color;
    this.noInput = noInput;
  }

  get stdin(): CommandRuntime['stdin'] {
    return process.stdin;
  }

  get stdout(): Output {
    if (!this.#used.has(process.stdout)) {
      // oclif, which is loaded by now, listens too: it throws what it hears, and the process ends before anyone is told.
      process.stdout.removeAllListeners('error');
      process.stdout.on('error', (error) => this.#onUnwritable(error));
      this.#used.add(process.stdout);
    }
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

  get exitDeferred(): boolean {
    return this.#exitDeferred;
  }

  deferExit(): void {
    this.#exitDeferred = true;
  }

  reduceMemoryUse(): void {
    // An import at the top would load Node's streams for commands that use none.
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    // Without these V8 lets garbage grow to several times of what is in use, since that takes less time.
    setFlagsFromString('--semi-space-growth-factor=1');
    setFlagsFromString('--optimize-for-size');
  }

  now(): number {
    return performance.now();
  }

  /** Who is told when stdout cannot be written. */
  onOutputError(listener: (error: NodeJS.ErrnoException) => void): void {
    this.#onUnwritable = listener;
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
