import { isConfigurationError, isKiteError } from '../../protocol/errors.js';
import { toCliError } from '../frame/failures.js';
import { CliError, isCliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { type CliSetting, flagOrVariable } from './cli-setting.js';

/** The settings of the address that a server listens on. */
export interface ListenSettings {
  readonly ip: CliSetting;
  readonly port: CliSetting;
}

/**
 * Starts a server. Converts an error of its `listen` to a configuration error: the cause is on this machine, most often a port in
 * use.
 */
export async function startListening<Result>(
  { ip, port }: ListenSettings,
  start: () => Promise<Result>,
): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (isCliError(error)) throw error;
    const isListening = isConfigurationError(error) && 'hint' in error;
    if (!isListening && !isKiteError(error, 'genericError')) throw toCliError(error);
    throw new CliError(error.message, {
      exitCode: ExitCode.configuration,
      type: 'configuration',
      code: error.code,
      hint: listenHint(error.code, flagOrVariable(ip), flagOrVariable(port)),
      cause: error,
    });
  }
}

function listenHint(code: string, ip: string, port: string): string {
  if (code === 'portInUse') return `Choose another port with ${port}.`;
  if (code === 'portDenied') return `Choose a port above 1023 with ${port}.`;
  return `Choose an address of this machine with ${ip}.`;
}
