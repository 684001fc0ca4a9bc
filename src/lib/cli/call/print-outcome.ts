import type { RemoteStream } from '../../kite/streams/remote-stream.js';
import {
  formatResult,
  itemWriter,
  type Printable,
  requireStreamable,
  type ResultStyle,
} from './call-result.js';
import { type CommandRuntime, type Output, write, writePieces } from '../runtime/command-runtime.js';

export interface OutcomeListener {
  /** Runs while nothing has arrived. */
  readonly during: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Throws the error to report for a failure of the call. */
  readonly failed: (error: unknown) => never;
  /** Called when the call has been answered with a stream. */
  readonly printing?: () => void;
}

/**
 * Prints the result of a call, or the items of a stream as they come, each on a line; the return value of a stream is not printed.
 * A stream that cannot be printed is canceled at the kite.
 */
export async function printOutcome(
  stream: RemoteStream<unknown, unknown>,
  style: ResultStyle,
  { during, failed, printing }: OutcomeListener,
  runtime: Pick<CommandRuntime, 'stdout' | 'env' | 'color'>,
): Promise<void> {
  const { stdout } = runtime;
  const printer = new ItemPrinter(stdout);
  try {
    let next = await during(() => stream.next());
    if (!stream.begun) {
      await writePieces(stdout, await formatResult(await stream.result, style, runtime));
      return;
    }
    printing?.();
    requireStreamable(style, 'a method that streams');
    const print = await itemWriter(style, stdout);
    for (; !next.done; next = await stream.next().catch(failed)) await printer.print(print(next.value));
  } finally {
    stream.cancel();
    await printer.flush();
  }
}

/** Prints items. Those that arrive together are written together, because a write takes longer than an item. */
class ItemPrinter {
  readonly #output: Output;
  #text = '';
  #scheduled = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Resolves when the output can take more. */
  async print(piece: Printable): Promise<void> {
    if (typeof piece !== 'string') {
      await this.flush();
      return write(this.#output, piece);
    }
    this.#text += piece;
    if (this.#text.length >= this.#output.writableHighWaterMark || this.#output.writableNeedDrain)
      return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // The items of a message are read in microtasks.
    setImmediate(() => {
      this.#scheduled = false;
      void this.flush();
    });
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await write(this.#output, text);
  }
}
