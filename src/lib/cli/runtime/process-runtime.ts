import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../util/clock.js';
import { hasTerminal } from '../../util/has-terminal.js';
import type { ColorChoice } from './color-setting.js';
import type { Output, CommandRuntime, ServerSignals } from './command-runtime.js';
import { type InstanceLink, instanceLink } from './instance-link.js';

/** The flags of V8 for `limitGarbage`. By default, the heap may grow to four times the size of live objects on a large machine. */
export const GARBAGE_FLAGS = ['--semi-space-growth-factor=1', '--heap-growing-percent=60'] as const;

/** The runtime of this process. Streams are opened on first use, because this takes time and changes the mode of a terminal. */
export class ProcessRuntime implements CommandRuntime {
  readonly version: string;
  readonly color: ColorChoice;
  readonly noInput: boolean;
  readonly clock: Clock = systemClock;
  readonly instance: InstanceLink | undefined = instanceLink(process.env);
  readonly #stop = new AbortController();
  #onOutputError: (error: NodeJS.ErrnoException) => void = () => {};
  #exitDeferred = false;
  #signalsLeft = false;
  #onReload: (() => void) | undefined;
  #onToggleDebug: () => void = () => {};
  #beforeForcedExit: (() => Promise<void>) | undefined;
  readonly #used = new Set<Output>();

  /** `root` is the folder of the package, whose package.json has the version. */
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
      // The listener of oclif rethrows errors, which would crash the process before the error is reported.
      process.stdout.removeAllListeners('error');
      process.stdout.on('error', (error) => this.#onOutputError(error));
      this.#used.add(process.stdout);
    }
    return process.stdout;
  }

  get stderr(): Output {
    // Errors of stderr are ignored: there is no stream left to report them on.
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

  /** Whether the command handles signals itself. */
  get signalsLeft(): boolean {
    return this.#signalsLeft;
  }

  leaveSignals(): void {
    this.#signalsLeft = true;
  }

  onServerSignals({ reload, toggleDebug }: ServerSignals): void {
    // Not when SIGHUP arrives, because the terminal may be closed then.
    if (!hasTerminal()) this.#onReload = reload;
    this.#onToggleDebug = toggleDebug;
    // An instance gets it from the process that has started it; a signal of their process group would arrive twice.
    process.on('SIGUSR2', this.instance ? () => {} : toggleDebug);
  }

  beforeForcedExit(work: () => Promise<void>): void {
    this.#beforeForcedExit = work;
  }

  /** Exits on a second signal, after what `beforeForcedExit` has set, and on a third without it. */
  exitAtOnce(exitCode: number): void {
    const work = this.#beforeForcedExit;
    this.#beforeForcedExit = undefined;
    const exit = (): void => process.exit(exitCode);
    if (work) work().then(exit, exit);
    else exit();
  }

  /** Turns debug messages of a server on or off. */
  toggleDebug(): void {
    this.#onToggleDebug();
  }

  /** Reloads a server, on SIGHUP. Returns false if the command is not a server, or has a terminal. */
  reload(): boolean {
    this.#onReload?.();
    return this.#onReload !== undefined;
  }

  reduceMemoryUse(): void {
    // A static import would load Node's streams in commands that do not use them.
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    // By default, V8 lets garbage grow to several times the size of live objects, because this is faster.
    setFlagsFromString('--semi-space-growth-factor=1');
    setFlagsFromString('--optimize-for-size');
    // This compiler takes 10 MiB while it compiles. Commands that wait for answers are not faster with it.
    setFlagsFromString('--no-maglev');
  }

  limitGarbage(): void {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8');
    for (const flag of GARBAGE_FLAGS) setFlagsFromString(flag);
  }

  now(): number {
    return performance.now();
  }

  /** Sets the listener for errors of stdout. */
  onOutputError(listener: (error: NodeJS.ErrnoException) => void): void {
    this.#onOutputError = listener;
  }

  stop(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** Resolves when all written data has been flushed. */
  async flush(): Promise<void> {
    await Promise.all(
      Array.from(this.#used, (stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
    );
  }
}
