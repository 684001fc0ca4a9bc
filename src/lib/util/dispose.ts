/// <reference lib="esnext.disposable" preserve="true" />

/**
 * `Symbol.dispose`, which Node and newer browsers have. In another browser, a program that uses `using` brings its own, which has
 * to be loaded first; without it, objects still have their named method.
 */
export const DISPOSE: typeof Symbol.dispose =
  (Symbol as { readonly dispose?: typeof Symbol.dispose }).dispose ?? (Symbol.for('Symbol.dispose') as never);

/** `Symbol.asyncDispose`, in the same way. */
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  (Symbol as { readonly asyncDispose?: typeof Symbol.asyncDispose }).asyncDispose ??
  (Symbol.for('Symbol.asyncDispose') as never);
