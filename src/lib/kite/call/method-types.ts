import type { ArrivingArgs, ArrivingResult, Sent, SentArgs, Wire } from './wire-types.js';

/**
 * The default type of a kite's methods: any method with any arguments. Declare an interface to check calls and to type their
 * results; without one, `tell<number>('square', 4)` sets the type of the result.
 *
 * @example
 *     interface Math { square(n: number): number }
 *     const client = kite.newClient<Math>(url);
 *     const sixteen = await client.tell('square', 4);      // a number
 */
export interface AnyMethods {
  [method: string]: (...args: unknown[]) => unknown;
}

type Callable = (...args: never[]) => unknown;

/** The names of the methods. A property that is not one, such as a constant of a module, has none. */
export type MethodName<Methods> = string extends keyof Methods
  ? string
  : Extract<
      { [Name in keyof Methods]-?: [Signature<Methods[Name]>] extends [never] ? never : Name }[keyof Methods],
      string
    >;

/** The names for which nothing is checked: any name if the methods have no type, and none otherwise. */
export type UncheckedName<Methods> = string extends keyof Methods ? string : never;

/** What carries the type of a method without being a function: see `TypedMethod`. */
export interface Signed<Signature> {
  readonly '~signature'?: Signature;
}

/** The function whose type is that of a method. */
type Signature<Entry> = Entry extends Callable
  ? Entry
  : Entry extends Signed<infer Own extends Callable>
    ? Own
    : never;

/** The arguments that a caller passes: a function of its own for each callback. */
export type MethodArgs<Methods, Name extends MethodName<Methods>> = string extends keyof Methods
  ? unknown[]
  : Signature<Methods[Name]> extends (...args: infer Args) => unknown
    ? SentArgs<Args>
    : never;

/** The arguments that a handler receives: a callback of the peer for each function. */
export type HandlerArgs<Methods, Name extends MethodName<Methods>> = string extends keyof Methods
  ? unknown[]
  : Signature<Methods[Name]> extends (...args: infer Args) => unknown
    ? ArrivingArgs<Args>
    : never;

/** What a handler returns, or a promise of it resolves with. */
export type HandlerResult<Methods, Name extends MethodName<Methods>> = string extends keyof Methods
  ? unknown
  : Signature<Methods[Name]> extends (...args: never[]) => infer Result
    ? Sent<Awaited<Result>>
    : never;

/**
 * The result of a call. That of a streaming method is the array of its items, or what its generator returns if a function that gets
 * the items is the last argument.
 */
export type MethodResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Signature<Methods[Name]> extends (...args: infer Args) => infer Result
    ? [ItemOf<Awaited<Result>>] extends [never]
      ? ArrivingResult<Awaited<Result>>
      : CollectedItems<Args, Awaited<Result>>
    : never;

type CollectedItems<Args extends readonly unknown[], Stream> =
  | Wire<ItemOf<Stream>>[]
  | ([Extract<LastOf<Args>, Callable>] extends [never] ? never : ReturnedBy<Stream>);

/** What the last argument of a call can be, if optional ones are left out. `Before` is the parameter before these. */
type LastOf<Args extends readonly unknown[], Before = never> = Args extends readonly []
  ? Before
  : Args extends readonly [infer First, ...infer Rest]
    ? LastOf<Rest, First>
    : Before | Args[number];

/**
 * The items of what a method returns: an async generator, another async iterable, or a ReadableStream. Never if it is not a stream.
 */
type ItemOf<Result> = 0 extends 1 & Result // any
  ? never
  : Result extends AsyncIterable<infer Item>
    ? Item
    : Result extends ReadableStream<infer Item>
      ? Item
      : never;

/** The items of a streaming method. */
export type StreamItem<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Signature<Methods[Name]> extends (...args: never[]) => infer Result
    ? Wire<ItemOf<Awaited<Result>>>
    : never;

/** The result of a streaming method: what its generator returns. */
export type StreamResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Signature<Methods[Name]> extends (...args: never[]) => infer Result
    ? ReturnedBy<Awaited<Result>>
    : never;

/** What a generator returns. Null for other streams, and the result itself if it is not a stream. */
type ReturnedBy<Result> =
  Result extends AsyncGenerator<unknown, infer Returned>
    ? ArrivingResult<Returned>
    : [ItemOf<Result>] extends [never]
      ? ArrivingResult<Result>
      : null;

/**
 * The methods of a kite that speaks neither `values` nor `bytes`, such as one in Go: what arrives from it is JSON and functions. A
 * parameter that such a kite cannot receive, such as a `Map`, is `never`.
 *
 * @example
 *     const client = kite.newClient<WithoutValues<{ now(): Date }>>(urlOfGoKite);
 *     await client.tell('now'); // a string
 */
export type WithoutValues<Methods> = {
  [Name in keyof Methods]: Signature<Methods[Name]> extends (...args: infer Args) => infer Result
    ? (
        ...args: SendableArgs<Args>
      ) => [ItemOf<Awaited<Result>>] extends [never]
        ? ArrivingResult<Awaited<Result>, false>
        : AsyncIterable<Wire<ItemOf<Awaited<Result>>, false>>
    : never;
};

type SendableArgs<Args extends readonly unknown[]> = {
  [Index in keyof Args]: [Wire<Args[Index], false>] extends [never] ? never : Args[Index];
};

/** Names that the language itself looks up in an object, for example when the object is awaited. Call such a method with `tell`. */
type LanguageName = 'then' | 'toJSON' | 'toString' | 'valueOf';

/** The methods of a peer as functions: `client.method.square(4)` is `client.tell('square', 4)`. */
export type RemoteMethods<Methods> = {
  readonly [Name in Exclude<MethodName<Methods>, LanguageName>]: Tell<Methods, Name>['tell'];
};

/** A method of an interface is compared less strictly than a function, so that any client is a `Client`. */
interface Tell<Methods, Name extends MethodName<Methods>> {
  tell(...args: MethodArgs<Methods, Name>): Promise<MethodResult<Methods, Name, unknown>>;
}
