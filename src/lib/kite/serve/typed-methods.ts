import type { HandlerArgs, HandlerResult, MethodName, Signed } from '../call/method-types.js';
import type { ArgsSchema } from './argument-schema.js';
import type { Handler, Method } from './method.js';
import type { HandleOptions } from './method-host.js';
import type { Request } from './request.js';

/** A method with its options, for `methods` of a kite. */
export interface MethodDefinition<
  Args extends readonly unknown[] = unknown[],
  Result = unknown,
  Input = unknown,
> extends HandleOptions<Args, Input> {
  readonly handler: Handler<Args, Result>;
}

/** A method that is served by a handler, with or without options. */
export type MethodEntry<Args extends readonly unknown[] = unknown[], Result = unknown> =
  | Handler<Args, Result>
  | MethodDefinition<Args, Result>;

/**
 * A method that `methods` of a kite has added. A client whose type parameter contains it knows the arguments that its handler takes
 * and what that returns. Its property `~signature` exists in the type only.
 */
export interface TypedMethod<Signature> extends Method, Signed<Signature> {}

/**
 * What `methods` of a kite returns: the methods by name. Its type is that of a client of the kite.
 *
 * @example
 *     const api = kite.methods({ square: ({ args: [n] }: Request<[number]>) => n * n });
 *     export type Api = typeof api;
 *     // In the caller, which imports the type only:
 *     const client = kite.newClient<Api>(url);
 */
export type TypedMethods<Entries> = {
  readonly [Name in keyof Entries]: TypedMethod<SignatureOf<Entries[Name]>>;
};

type SignatureOf<Entry> = Entry extends { readonly handler: infer Own extends AnyHandler }
  ? Entry extends { readonly args: { readonly '~standard': { readonly types?: infer Types } } }
    ? (...args: InputOf<NonNullable<Types>, HandledArgs<Own>>) => ReturnType<Own>
    : (...args: HandledArgs<Own>) => ReturnType<Own>
  : Entry extends AnyHandler
    ? (...args: HandledArgs<Entry>) => ReturnType<Entry>
    : never;

type AnyHandler = (request: never) => unknown;

/** The arguments of a handler. One that does not look at its request takes none. */
type HandledArgs<Own extends AnyHandler> =
  Parameters<Own> extends [Request<infer Args>] ? Args : Parameters<Own> extends [] ? [] : unknown[];

/** The arguments that a schema accepts. Those of the handler if the schema has no types. */
type InputOf<Types, Args extends readonly unknown[]> = Types extends { readonly input: infer Input }
  ? unknown extends Input
    ? Args
    : Input extends readonly unknown[]
      ? Input
      : Args
  : Args;

/** The methods of a kite whose methods have a type. */
export type CheckedEntries<Methods, Names extends MethodName<Methods>> = {
  readonly [Name in Names]: MethodEntry<HandlerArgs<Methods, Name>, HandlerResult<Methods, Name>>;
};

/** The methods of a kite by name. `Args` are the arguments of each handler, which the compiler infers. */
export type MethodEntries<Args> = { readonly [Name in keyof Args]: MethodEntry<ListOf<Args[Name]>> };

/** The arguments of a handler. One that does not say which ones it takes gets any. */
type ListOf<Args> = Args extends unknown[] ? Args : unknown[];

/** Excludes kites whose methods have a type, so that nothing is served that is not checked. */
export type IfUnchecked<Methods> = string extends keyof Methods ? unknown : never;

/**
 * Whether a schema belongs to the arguments that a method declares: it accepts all of them, or some of them, as schemas do that
 * check more than types.
 */
export type FittingSchema<Declared, Input> = [Declared] extends [Input]
  ? unknown
  : [Input] extends [Declared]
    ? unknown
    : { readonly args: ArgsSchema<unknown[], Declared> };
