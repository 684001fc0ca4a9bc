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
    ? Awaited<Result> extends StreamOf<infer Item>
      ? Item[]
      : Awaited<Result>
    : never;

/** What a streaming method returns: an async generator, another async iterable, or a ReadableStream. */
type StreamOf<Item> =
  | AsyncIterable<Item>
  | { getReader(): { read(): Promise<{ done: boolean; value?: Item }> } };

/** The items of a streaming method. */
export type StreamItem<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: never[]) => infer Result
    ? Awaited<Result> extends StreamOf<infer Item>
      ? Item
      : never
    : never;

/** The result of a streaming method: what its generator returns. */
export type StreamResult<Methods, Name extends MethodName<Methods>, Fallback> = string extends keyof Methods
  ? Fallback
  : Methods[Name] extends (...args: never[]) => infer Result
    ? Awaited<Result> extends AsyncGenerator<unknown, infer Returned>
      ? Returned
      : Awaited<Result> extends StreamOf<unknown>
        ? null
        : Awaited<Result>
    : never;

/** A callback that the peer has passed. Calling it sends a message without a response. Ignored after a disconnect. */
export type RemoteFunction<Args extends unknown[] = unknown[]> = (...args: Args) => void;
