/**
 * The methods of a kite as TypeScript sees them, so that calls are checked and their results typed:
 *
 *     interface Math { square(n: number): number }
 *     const client = kite.newClient<Math>(url);
 *     const sixteen = await client.tell('square', 4);      // a number
 *
 * Without one, any method may be called with any arguments, and `tell<number>('square', 4)` names the result.
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
    ? Awaited<Result>
    : never;

/** A function that the peer handed over. Calling it sends a message; nothing comes back. Ignored after a disconnect. */
export type RemoteFunction<Args extends unknown[] = unknown[]> = (...args: Args) => void;
