import { string } from '@oclif/core/flags';
import { connectionFlags, kontrolFlag, kontrolUrls, oneOf, timeoutMs } from './connection-flags.js';
import { transportNames } from './transports.js';
import { contextFlag } from './context-flags.js';
import type { KontrolOptions } from './with-kontrol.js';

/** The flags of every command that asks Kontrol. */
export const kontrolFlags = {
  kontrol: kontrolFlag,
  timeout: connectionFlags.timeout,
  transport: connectionFlags.transport,
  'key-file': string({
    summary: 'File with your kite key. Default: $KITE_KEY, $KITE_KEY_FILE, the context, or ~/.kite/kite.key.',
    helpValue: 'PATH',
  }),
  context: contextFlag,
};

/** What oclif makes of `kontrolFlags`. */
export interface ParsedKontrolFlags {
  readonly kontrol?: string | undefined;
  readonly timeout?: string | undefined;
  readonly transport?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly context?: string | undefined;
}

/** @throws CliError where a flag does not say what it must. */
export function kontrolOptions(flags: ParsedKontrolFlags): KontrolOptions {
  return {
    kontrol: kontrolUrls(flags.kontrol),
    keyFile: flags['key-file'],
    context: flags.context,
    timeout: timeoutMs(flags.timeout),
    transport:
      flags.transport === undefined ? undefined : oneOf(flags.transport, transportNames, 'transport'),
  };
}
