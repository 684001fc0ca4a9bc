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
    ? Args
    : never;

export type MethodResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: never[]) => infer Result
    ? [ItemOf<Awaited<Result>>] extends [never]
      ? Awaited<Result>
      : ItemOf<Awaited<Result>>[]
    : never;

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
    ? ItemOf<Awaited<Result>>
    : never;

/** The result of a streaming method: what its generator returns. */
export type StreamResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: never[]) => infer Result
    ? Awaited<Result> extends AsyncGenerator<unknown, infer Returned>
      ? Returned
      : [ItemOf<Awaited<Result>>] extends [never]
        ? Awaited<Result>
        : null
    : never;

/** A callback that the peer has passed. Calling it sends a message without a response. Ignored after a disconnect. */
export type RemoteFunction<Args extends unknown[] = unknown[]> = (...args: Args) => void;
