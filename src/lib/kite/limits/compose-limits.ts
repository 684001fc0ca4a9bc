import { ConfigurationError } from '../../protocol/errors.js';

/**
 * Returns the limits of a kite, Kontrol, a proxy or a page: the defaults, changed by an option `limits`. No other function
 * composes limits.
 *
 * @throws ConfigurationError with code `badValue` that names the first limit that does not exist, or whose value is not a
 * whole number of at least 0: `undefined`, NaN and strings would disable the limit
 */
export function composeLimits<L extends object>(
  defaults: L,
  limits: { readonly [Name in keyof L]?: unknown } = {},
): L {
  for (const [name, value] of Object.entries(limits)) {
    const isValid = Number.isSafeInteger(value) && (value as number) >= 0;
    if (isValid && Object.hasOwn(defaults, name)) continue;
    const problem = isValid ? 'does not exist' : `is ${String(value)}, not a whole number`;
    throw new ConfigurationError('badValue', `The limit "${name}" ${problem}`);
  }
  return { ...defaults, ...limits };
}

/** Returns the part of valid `limits` whose names are in `defaults`: the limits of one of several layers. */
export function limitsIn<L extends object>(defaults: L, limits: object): Partial<L> {
  return Object.fromEntries(
    Object.entries(limits).filter(([name]) => Object.hasOwn(defaults, name)),
  ) as Partial<L>;
}
