import { string } from '@oclif/core/flags';

/** The flag of every command that talks to a kite, or uses a kite key. */
export const contextFlag = string({
  summary: 'Context to work in. Default: $KITE_CONTEXT, or the one in use; see: context.',
  helpValue: 'NAME',
});
