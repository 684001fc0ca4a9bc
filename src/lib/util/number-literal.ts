import { NUMBER_LITERAL } from './number-literal-brand.js';

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A number as it is written in JSON, such as `9007199254740993`, `1e400` or `1.0`. A kite sends it exactly as written, also if
 * JavaScript cannot represent it. With the option `numbers: 'literal'`, a kite receives numbers that JavaScript would write
 * differently in this form.
 *
 * @example
 *     await client.tell('find', new NumberLiteral('9007199254740993'));
 *     BigInt(literal.text);
 */
export class NumberLiteral {
  static {
    Object.defineProperty(this.prototype, NUMBER_LITERAL, { value: true });
  }

  /** The number as it is written. */
  readonly text: string;

  /** @throws TypeError if `text` is not a number in JSON */
  constructor(text: string) {
    if (!JSON_NUMBER.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a number in JSON`);
    this.text = text;
  }

  /** Returns the closest number that JavaScript can represent, which may be infinite. */
  valueOf(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }

  /**
   * Makes `JSON.stringify` write the number exactly.
   *
   * @throws TypeError in Node 20, whose `JSON.stringify` cannot write it. Sending it to a kite works in every version.
   */
  toJSON(): unknown {
    const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => unknown };
    if (!rawJSON) throw new TypeError(`JSON.stringify of this engine cannot write ${this.text} exactly`);
    return rawJSON(this.text);
  }
}
