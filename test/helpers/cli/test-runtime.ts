import { Readable, Writable } from 'node:stream';
import { ManualClock } from '../process/manual-clock.js';
import type { CommandRuntime } from '../../../src/lib/cli/runtime/command-runtime.js';

/** A stream that stores what is written to it, and may be a terminal. */
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

/** The runtime of a command; a test sets the parts that it needs. */
export function testRuntime(given: Partial<CommandRuntime> = {}): CommandRuntime {
  return {
    stdin: Readable.from([]),
    stdout: new Sink(),
    stderr: new Sink(),
    env: {},
    signal: new AbortController().signal,
    deferExit: () => {},
    leaveSignals: () => {},
    beforeForcedExit: () => {},
    onServerSignals: () => {},
    reduceMemoryUse: () => {},
    limitGarbage: () => {},
    now: () => 0,
    version: '0.0.0',
    color: 'auto',
    noInput: false,
    clock: new ManualClock(),
    ...given,
  };
}
