import { Readable, Writable } from 'node:stream';
import { ManualClock } from '../process/manual-clock.js';
import type { CommandRuntime } from '../../../src/lib/cli/runtime/command-runtime.js';

/** A stream that keeps what is written to it, and may claim to be a terminal. */
export class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(options: { isTTY?: boolean; columns?: number } = {}) {
    super({ decodeStrings: false });
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 80;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A world for a command, of which a test decides what matters to it. */
export function surroundingsOf(given: Partial<CommandRuntime> = {}): CommandRuntime {
  return {
    stdin: Readable.from([]),
    stdout: new Sink(),
    stderr: new Sink(),
    env: {},
    signal: new AbortController().signal,
    deferExit: () => {},
    reduceMemoryUse: () => {},
    now: () => 0,
    version: '0.0.0',
    color: 'auto',
    noInput: false,
    clock: new ManualClock(),
    ...given,
  };
}
