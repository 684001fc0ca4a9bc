import { makeVisible } from '../../util/make-visible.js';
import { plainValue } from '../../util/plain-value.js';
import { toErrorData } from '../frame/report-failure.js';
import type { CliError } from '../runtime/cli-error.js';
import { RAW_LINE_LENGTH } from '../runtime/command-limits.js';
import { type CommandRuntime, write } from '../runtime/command-runtime.js';
import { toField, toJson } from '../runtime/json.js';
import { padToWidth, displayWidth } from '../terminal/display-width.js';
import { documentWriter, type DocumentWriter, isDataFormat } from '../terminal/document.js';
import type { Spinner } from '../terminal/spinner.js';
import type { CalledKite } from './at-all-kites.js';
import type { ResultStyle } from './call-result.js';

type PrinterRuntime = Pick<CommandRuntime, 'stdout'>;

/**
 * Prints what several kites answer: a line per result, item or call of a callback, which begins with the path of the kite. In the
 * formats for programs, each is an object with the kite.
 */
export class AllKitesPrinter {
  readonly #style: ResultStyle;
  readonly #runtime: PrinterRuntime;
  readonly #document: DocumentWriter | undefined;
  readonly #spinner: Spinner;
  /** The width of the paths on a terminal. */
  readonly #width: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(
    style: ResultStyle,
    kites: readonly CalledKite[],
    spinner: Spinner,
    document: DocumentWriter | undefined,
    runtime: PrinterRuntime,
  ) {
    this.#style = style;
    this.#spinner = spinner;
    this.#document = document;
    this.#runtime = runtime;
    this.#width = Math.max(...kites.map(({ path }) => displayWidth(toField(path))));
  }

  static async create(
    style: ResultStyle,
    kites: readonly CalledKite[],
    spinner: Spinner,
    runtime: PrinterRuntime,
  ): Promise<AllKitesPrinter> {
    const { format } = style;
    const document = isDataFormat(format) ? await documentWriter(format) : undefined;
    return new AllKitesPrinter(style, kites, spinner, document, runtime);
  }

  /** Returns the printer of the answer of one kite. */
  of(kite: CalledKite): KiteLines {
    return new KiteLines(this.#style, {
      object: this.#document && ((fields) => this.#printObject(kite, fields)),
      line: (text) => this.#print(`${this.#label(kite)}${this.#visible(text)}\n`),
      name: () => this.#print(`${toField(kite.path)}\n`),
    });
  }

  /** Prints the failure at a kite, in the formats for programs. Otherwise returns false. */
  failed(kite: CalledKite, error: CliError): Promise<void> | false {
    return this.#document !== undefined && this.#printObject(kite, { error: toErrorData(error) });
  }

  #printObject({ kite, url }: CalledKite, fields: object): Promise<void> {
    return this.#print(this.#document?.({ kite, url, ...fields }) ?? '');
  }

  #label({ path }: CalledKite): string {
    const field = toField(path);
    return this.#runtime.stdout.isTTY === true ? `${padToWidth(field, this.#width)}  ` : `${field}\t`;
  }

  #visible(text: string): string {
    return this.#runtime.stdout.isTTY === true ? makeVisible(text) : text;
  }

  /** Writes after what was printed before, as fast as it is read. */
  #print(text: string): Promise<void> {
    this.#last = this.#last.then(() => this.#spinner.clearAndWrite(() => write(this.#runtime.stdout, text)));
    return this.#last;
  }
}

interface KiteOutput {
  /** Prints an object, in the formats for programs. */
  readonly object: ((fields: object) => Promise<void>) | undefined;
  readonly line: (text: string) => Promise<void>;
  /** Prints the path of the kite only. */
  readonly name: () => Promise<void>;
}

/** Prints the answer of one kite. */
export class KiteLines {
  readonly #style: ResultStyle;
  readonly #output: KiteOutput;
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not arrived. */
  #rest = '';

  constructor(style: ResultStyle, output: KiteOutput) {
    this.#style = style;
    this.#output = output;
  }

  /** Prints the only result. */
  async result(value: unknown): Promise<void> {
    const { object } = this.#output;
    if (object) return object({ ok: value ?? null });
    if (this.#style.format !== 'name') await this.#value(value);
    await this.end();
  }

  /** Prints an item of a stream. */
  async item(value: unknown): Promise<void> {
    const { object } = this.#output;
    if (object) return object({ item: value ?? null });
    if (this.#style.format !== 'name') await this.#value(value);
  }

  /** Prints a call of the callback. */
  async callback(values: readonly unknown[]): Promise<void> {
    const { object } = this.#output;
    if (object) return object({ callback: values });
    if (this.#style.format !== 'name') await this.#output.line(toJson(values));
  }

  /** Prints the end of a stream, with what the method has returned. */
  async streamed(value: unknown): Promise<void> {
    const { object } = this.#output;
    if (object) return object({ ok: value ?? null });
    await this.end();
  }

  /** Prints the last line, if it does not end with a newline. */
  async end(): Promise<void> {
    if (this.#style.format === 'name') return this.#output.name();
    if (this.#rest === '') return;
    await this.#output.line(this.#rest);
    this.#rest = '';
  }

  async #value(value: unknown): Promise<void> {
    const { raw } = this.#style;
    if (raw && value instanceof Uint8Array) return this.#text(this.#decoder.decode(value, { stream: true }));
    const plain = raw ? plainValue(value) : undefined;
    // A line that ends with a newline is not followed by an empty one.
    if (typeof plain === 'string') return this.#text(plain.endsWith('\n') ? plain : `${plain}\n`);
    await this.#output.line(toJson(value));
  }

  /** Prints each line of a text. */
  async #text(text: string): Promise<void> {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) await this.#output.line(line.replace(/\r$/, ''));
    if (this.#rest.length <= RAW_LINE_LENGTH) return;
    await this.#output.line(this.#rest);
    this.#rest = '';
  }
}
