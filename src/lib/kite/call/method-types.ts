/// <reference lib="esnext.disposable" preserve="true" />

import type { CallbackAnswer } from '../callbacks/callback-answer.js';

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

export type MethodName<Methods> = Extract<keyof Methods, string>;

export type MethodArgs<Methods, Name extends MethodName<Methods>> = string extends keyof Methods
  ? unknown[]
  : Methods[Name] extends (...args: infer Args) => unknown
    ? PassedArgs<Args>
    : never;

/** The arguments that a handler receives: a callback of the peer for each function. */
export type HandlerArgs<Methods, Name extends MethodName<Methods>> = string extends keyof Methods
  ? unknown[]
  : Methods[Name] extends (...args: infer Args) => unknown
    ? ReceivedArgs<Args>
    : never;

/**
 * The result of a call. That of a streaming method is the array of its items, or what its generator returns if a function that gets
 * the items is the last argument.
 */
export type MethodResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: infer Args) => infer Result
    ? [ItemOf<Awaited<Result>>] extends [never]
      ? Received<Awaited<Result>>
      : CollectedItems<Args, Awaited<Result>>
    : never;

type CollectedItems<Args extends unknown[], Stream> =
  | Received<ItemOf<Stream>>[]
  | ([Extract<LastOf<Args>, (...args: never[]) => unknown>] extends [never] ? never : ReturnedBy<Stream>);

/** What the last argument of a call can be, if optional ones are left out. `Before` is the parameter before these. */
type LastOf<Args extends unknown[], Before = never> = Args extends []
  ? Before
  : Args extends [infer First, ...infer Rest]
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
  : Methods[Name] extends (...args: never[]) => infer Result
    ? Received<ItemOf<Awaited<Result>>>
    : never;

/** The result of a streaming method: what its generator returns. */
export type StreamResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: never[]) => infer Result
    ? ReturnedBy<Awaited<Result>>
    : never;

/** What a generator returns. Null for other streams, and the result itself if it is not a stream. */
type ReturnedBy<Result> =
  Result extends AsyncGenerator<unknown, infer Returned>
    ? Received<Returned>
    : [ItemOf<Result>] extends [never]
      ? Received<Result>
      : null;

/**
 * A callback that the peer has passed. Calling it sends a message, and returns a promise of what it returns there. The program does
 * not have to read it: see `CallbackAnswer`. Throws if the arguments cannot be sent.
 *
 * A callback among the arguments of a call can be called until the call has ended, unless its caller has shared it for longer.
 * One in a result lives until it is released or the connection ends: release it with `release()`, or declare it with `using`. If
 * the program loses it, it is released when it is garbage collected.
 *
 * @example
 *     kite.handle<[RemoteFunction<[question: string], boolean>]>('delete', async ({ args: [confirm] }) => {
 *       if (await confirm('Sure?')) remove();
 *     });
 */
export interface RemoteFunction<Args extends unknown[] = unknown[], Result = unknown> {
  (...args: Args): CallbackAnswer<Result>;
  /** Tells the peer that the callback is not used any more. */
  readonly release: () => void;
  [Symbol.dispose](): void;
}

type ReceivedArgs<Args extends unknown[]> = { [Index in keyof Args]: Received<Args[Index]> };

/** What arrives in place of a value: a function of the peer in place of a function. */
type Received<Value> =
  Value extends RemoteFunction<never[]>
    ? Value
    : Value extends (...args: infer Parameters) => infer Result
      ? RemoteFunction<Parameters, Awaited<Result>>
      : Value;

/** The arguments that a caller passes: a function of its own for each callback. */
type PassedArgs<Args extends unknown[]> = {
  [Index in keyof Args]: Args[Index] extends RemoteFunction<infer Parameters, infer Result>
    ? (...args: Parameters) => Result | Promise<Result>
    : Args[Index];
};
