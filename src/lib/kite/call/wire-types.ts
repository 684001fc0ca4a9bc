import type { NumberLiteral } from '../../util/number-literal.js';
import type { RemoteFunction } from './remote-function.js';

/**
 * What arrives at the other side in place of a value of this type: in an argument, a result, an item of a stream, or an argument or
 * a result of a callback. `Values` is whether both sides speak the extensions `values` and `bytes`, as all kites of this library
 * do. Without them, a `Date` arrives as a string, and a `Map` does not arrive at all: its type is `never`.
 *
 * A function becomes a `RemoteFunction`, bytes a `Uint8Array`, and an object with `toJSON` what that returns. An object arrives
 * without its fields that are `undefined` and without its symbols. An instance of a class arrives as an object with its fields:
 * TypeScript cannot tell its methods from functions among its fields, so that their types are there, and they are not.
 *
 * @example
 *     type Invoice = Wire<{ due: Date; note: string | undefined }>;        // { due: Date; note?: string }
 *     type OfGo = Wire<{ due: Date; note: string | undefined }, false>;    // { due: string; note?: string }
 */
export type Wire<Value, Values extends boolean = true> = Arriving<
  Value,
  Values extends true ? 'values' : never
>;

/** What may arrive: `values` that JSON does not have, and `streams`, which arguments can contain and results cannot. */
type Mode = 'values' | 'streams';

/** JSON, whose lists arrive as they are. The compiler cannot map a list that contains itself. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What arrives in place of each argument of a call. */
export type ArrivingArgs<Args extends readonly unknown[]> = {
  -readonly [Index in keyof Args]: Arriving<Args[Index], Mode>;
};

/** What arrives in place of a result. An answer has no `undefined`: it arrives as null. */
export type ArrivingResult<Value, Values extends boolean = true> = unknown extends Value
  ? Value
  : Value extends undefined
    ? NothingAs<Value>
    : Wire<Value, Values>;

/** `void` says that nobody looks at the result, and stays. */
type NothingAs<Value> = undefined extends Value ? (void extends Value ? Value : null) : never;

type Arriving<Value, Modes extends Mode> = unknown extends Value
  ? Value // any and unknown
  : Value extends string | number | boolean | null
    ? Value
    : Value extends undefined
      ? 'values' extends Modes
        ? Value
        : null
      : Value extends bigint
        ? IfValues<Modes, Value>
        : Value extends symbol
          ? never
          : Value extends RemoteFunction<never[]>
            ? Value
            : Value extends (...args: infer Args) => infer Result
              ? RemoteFunction<SentArgs<Args>, ArrivingAnswer<Awaited<Result>, Modes>>
              : Value extends abstract new (
                    ...args: never[]
                  ) => unknown
                ? RemoteFunction
                : Value extends object
                  ? ArrivingObject<Value, Modes>
                  : Value;

/** What a function of the peer returns. Peers without the extension do not answer. */
type ArrivingAnswer<Value, Modes extends Mode> = 'values' extends Modes
  ? ArrivingResult<Value>
  : ArrivingResult<Value, false> | undefined;

type ArrivingObject<Value extends object, Modes extends Mode> = Value extends NumberLiteral
  ? number | NumberLiteral
  : Value extends readonly Json[]
    ? Value
    : Value extends readonly unknown[]
      ? { [Index in keyof Value]: Arriving<Value[Index], Modes> }
      : Value extends Streamed<infer Item>
        ? 'streams' extends Modes
          ? AsyncIterable<Arriving<Item, Modes>>
          : never
        : 'values' extends Modes
          ? Special<Value, Modes>
          : Value extends WithJson<infer Form>
            ? Arriving<Form, Modes>
            : Value extends Unsendable | JsonLess
              ? never
              : Value extends Error
                ? IfPlain<Value, ArrivingFields<Value, Modes>>
                : ArrivingFields<Value, Modes>;

/** An object of a peer that speaks `values` and `bytes`. */
type Special<Value extends object, Modes extends Mode> = Value extends Date | URL | RegExp
  ? Value
  : Value extends ArrayBuffer | ArrayBufferView
    ? Uint8Array
    : Value extends ReadonlyMap<infer Key, infer Entry>
      ? Map<Arriving<Key, Modes>, Arriving<Entry, Modes>>
      : Value extends ReadonlySet<infer Item>
        ? Set<Arriving<Item, Modes>>
        : Value extends Error
          ? IfPlain<Value, ArrivingFields<Value, Modes>, ArrivingError<Value, Modes>>
          : Value extends WithJson<infer Form>
            ? Arriving<Form, Modes>
            : Value extends Unsendable
              ? never
              : ArrivingFields<Value, Modes>;

type IfValues<Modes extends Mode, Value> = 'values' extends Modes ? Value : never;

/** `{ name, message }` looks like an Error, and is a plain object. */
type IfPlain<Value, Plain, Thrown = never> = 'stack' extends keyof Value ? Thrown : Plain;

/** An error arrives as an Error with its own fields. */
type ArrivingError<Value extends Error, Modes extends Mode> = [Exclude<keyof Value, keyof Error>] extends [
  never,
]
  ? Value
  : Error & ArrivingFields<Omit<Value, keyof Error>, Modes>;

type Streamed<Item> = AsyncIterable<Item> | ReadableStream<Item>;

interface WithJson<Json> {
  toJSON(...args: never[]): Json;
}

/** What cannot be sent to any peer. */
type Unsendable = Promise<unknown> | WeakMap<WeakKey, unknown> | WeakSet<WeakKey> | Iterating;

/** Iterators that are not async, such as generators. */
interface Iterating extends Iterator<unknown, unknown, never>, Iterable<unknown> {}

/** What cannot be sent in JSON. */
type JsonLess = ArrayBuffer | ArrayBufferView | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | RegExp;

/** The fields of an object. Those that can be undefined may be missing. */
type ArrivingFields<Value, Modes extends Mode> = Flat<
  {
    [Key in keyof Value as Key extends symbol
      ? never
      : MayMiss<Value[Key]> extends true
        ? never
        : Key]: Arriving<Value[Key], Modes>;
  } & {
    [Key in keyof Value as Key extends symbol
      ? never
      : MayMiss<Value[Key]> extends true
        ? Key
        : never]?: Arriving<Exclude<Value[Key], undefined>, Modes>;
  }
>;

type MayMiss<Field> = unknown extends Field ? false : undefined extends Field ? true : false;

type Flat<Value> = { [Key in keyof Value]: Value[Key] };

/** The arguments that a program passes: a function of its own for each function, and any stream for a stream. */
export type SentArgs<Args extends readonly unknown[]> = {
  -readonly [Index in keyof Args]: Sent<Args[Index]>;
};

/** What a program passes where a value of this type is expected: a function of its own, for example, for a function of a peer. */
export type Sent<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | bigint | symbol | null | undefined
    ? Value
    : Value extends RemoteFunction<infer Args, infer Result>
      ? (...args: ArrivingArgs<Args>) => SentAnswer<Result>
      : Value extends (...args: infer Args) => infer Result
        ? (...args: ArrivingArgs<Args>) => SentAnswer<Awaited<Result>>
        : Value extends object
          ? SentObject<Value>
          : Value;

type SentAnswer<Result> = [Result] extends [void] ? Result : Sent<Result> | Promise<Sent<Result>>;

type SentObject<Value extends object> = Value extends readonly unknown[]
  ? { [Index in keyof Value]: Sent<Value[Index]> }
  : Value extends AsyncGenerator<infer Item, infer Returned, infer _>
    ? SentGenerator<Item, Returned>
    : Value extends Streamed<infer Item>
      ? Streamed<Sent<Item>>
      : Value extends AsItIs
        ? Value
        : { [Key in keyof Value]: Sent<Value[Key]> };

/** A stream with a return value that matters is a generator. */
type SentGenerator<Item, Returned> = [unknown] extends [Returned]
  ? Streamed<Sent<Item>>
  : [Returned] extends [void | null]
    ? Streamed<Sent<Item>>
    : AsyncGenerator<Sent<Item>, Sent<Returned>, unknown>;

/** Objects that a program passes as they are. */
type AsItIs = Date | URL | JsonLess | Error | NumberLiteral | WithJson<unknown> | Unsendable;
