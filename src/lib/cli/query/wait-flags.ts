import { string } from '@oclif/core/flags';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { waitSettings } from '../settings/connection-settings.js';
import { flagsOf } from '../settings/setting-flags.js';
import { parseWaitPart, WAIT_FORMS, waitCondition } from './wait-condition.js';
import type { WaitOptions } from './wait-for-kites.js';

/** The flags of `wait`. */
export const waitFlags = {
  ...flagsOf(waitSettings),
  for: string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'CONDITION',
    summary: `What to wait for: ${WAIT_FORMS}. Default: registered.`,
    description:
      'registered: a kite is registered. answering: a kite is registered, and answers a ping (kite.ping). gone: no kite is registered. ' +
      'count=N: at least N kites are, instead of one; it can be combined with registered and answering.',
    parse: async (text) => {
      if (!parseWaitPart(text)) throw new Error(`--for is ${JSON.stringify(text)}; it must be ${WAIT_FORMS}`);
      return text;
    },
  }),
};

/** @throws CliError or ConfigurationError if the value of a flag is not accepted, or if conditions conflict */
export function waitOptions(
  path: string,
  flags: ParsedFlags & { readonly for?: readonly string[] | undefined },
  env: Environment,
): Omit<WaitOptions, 'format'> {
  return {
    settings: CommandSettings.fromFlags(waitSettings, flags, env),
    path,
    condition: waitCondition(flags.for ?? []),
  };
}
