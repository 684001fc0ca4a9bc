import { boolean, custom } from '@oclif/core/flags';
import type { BooleanFlag, CustomOptions, FlagDefinition } from '@oclif/core/interfaces';
import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { invalidValueMessage } from '../../kite/config/resolve-setting.js';

/** How a flag is defined that has one value, and none where it is not given. */
type ValueFlag<Value> = FlagDefinition<
  Value,
  CustomOptions,
  { readonly multiple: false; readonly requiredOrDefaulted: false }
>;

/** The kind of flag whose values are those that `accept` describes. */
export function valueFlag<Value>(accept: AcceptedValue<Value>): ValueFlag<Value> {
  const parse = async (text: string, _context: unknown, { name }: { readonly name: string }) => {
    const value = accept.parse(text.trim());
    if (value !== undefined) return value;
    throw new Error(invalidValueMessage(`--${name}`, text, accept.description));
  };
  // oclif's types tell lists of values from single ones, which they cannot before they know the type.
  return custom<unknown>({ parse }) as ValueFlag<Value>;
}

/**
 * A switch that is undefined where it is not given. oclif takes the default of a flag for a flag that is given, so that no
 * other flag could depend on a switch with a default, and such a switch could not depend on another flag.
 */
export function optionalSwitch(
  options: Partial<BooleanFlag<boolean | undefined>>,
): BooleanFlag<boolean | undefined> {
  return boolean<boolean | undefined>(options);
}
