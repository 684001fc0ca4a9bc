import { string } from '@oclif/core/flags';
import {
  connectionFlags,
  kontrolFlag,
  kontrolUrls,
  oneOf,
  timeoutMs,
  transportNames,
} from './connection-flags.js';
import type { KontrolOptions } from './kontrol-client.js';

/** The flags of every command that asks Kontrol. */
export const kontrolFlags = {
  kontrol: kontrolFlag,
  timeout: connectionFlags.timeout,
  transport: connectionFlags.transport,
  'key-file': string({
    summary: 'File with your kite key. Default: kite.key in $KITE_HOME or ~/.kite.',
    helpValue: 'PATH',
  }),
};

/** What oclif makes of `kontrolFlags`. */
export interface ParsedKontrolFlags {
  readonly kontrol?: string | undefined;
  readonly timeout?: string | undefined;
  readonly transport?: string | undefined;
  readonly 'key-file'?: string | undefined;
}

/** @throws CliError where a flag does not say what it must. */
export function kontrolOptions(flags: ParsedKontrolFlags): KontrolOptions {
  return {
    kontrol: kontrolUrls(flags.kontrol),
    keyFile: flags['key-file'],
    timeout: timeoutMs(flags.timeout),
    transport:
      flags.transport === undefined ? undefined : oneOf(flags.transport, transportNames, 'transport'),
  };
}
