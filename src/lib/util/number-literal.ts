const BRAND = Symbol.for('kitectl.NumberLiteral');
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
    // Marks the numbers of every copy of this library. JSON cannot contain it.
    Object.defineProperty(this.prototype, BRAND, { value: true });
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

/** Whether `value` is a NumberLiteral. Also true for one of another copy of this library. */
export function isNumberLiteral(value: unknown): value is NumberLiteral {
  return typeof value === 'object' && value !== null && BRAND in value;
}
