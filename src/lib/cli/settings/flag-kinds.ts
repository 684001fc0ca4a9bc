import { boolean, custom } from '@oclif/core/flags';
import type { BooleanFlag, CustomOptions, FlagDefinition } from '@oclif/core/interfaces';
import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { invalidValueMessage } from '../../kite/config/resolve-setting.js';
import { formatDuration } from '../../util/duration.js';

/** The definition of an optional flag with one value. */
type ValueFlag<Value> = FlagDefinition<
  Value,
  CustomOptions,
  { readonly multiple: false; readonly requiredOrDefaulted: false }
>;

/** Returns a function that defines flags whose values `accept` parses. */
export function valueFlag<Value>(accept: AcceptedValue<Value>): ValueFlag<Value> {
  const parse = async (text: string, _context: unknown, { name }: { readonly name: string }) => {
    const value = accept.parse(text.trim());
    if (value !== undefined) return value;
    throw new Error(invalidValueMessage(`--${name}`, text, accept.description));
  };
  // For a generic type, the types of oclif cannot tell a single value from a list.
  return custom<unknown>({ parse }) as ValueFlag<Value>;
}

/** Returns the options of a flag for a default duration in milliseconds, which help shows as `2s`. */
export function defaultDuration(ms: number): { default: number; defaultHelp: () => Promise<string> } {
  return { default: ms, defaultHelp: async () => formatDuration(ms) };
}

/**
 * Defines a switch that is undefined if it is not set. A switch with a default could neither depend on another flag nor be a
 * dependency, because oclif treats a flag with a default as set.
 */
export function optionalSwitch(
  options: Partial<BooleanFlag<boolean | undefined>>,
): BooleanFlag<boolean | undefined> {
  return boolean<boolean | undefined>(options);
}
