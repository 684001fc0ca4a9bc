import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isSecretExposed } from '../../keys/secret-access.js';
import { exposedKey } from './read-pem.js';
import { configurationError, isCliError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import { SETTING_FILE_LENGTH } from '../runtime/command-limits.js';
import { errorCode } from '../../util/error-code.js';
import { systemErrorReason } from '../../util/system-error.js';

/**
 * Reads the file whose path is the value of a setting.
 *
 * @throws CliError if the file cannot be read or is too long, or if it is `secret` and other users can access it
 */
export function readSettingFile(file: string, setting: CliSetting, secret = false): string {
  const hint = `Check ${settingLabel(setting)}.`;
  let content: string;
  try {
    content = readFileContent(file, secret);
  } catch (error) {
    if (isCliError(error)) throw error;
    const reason = errorCode(error) === 'ENOENT' ? 'it does not exist' : systemErrorReason(error);
    throw configurationError(`The file ${file} cannot be read: ${reason}`, hint);
  }
  if (content.length <= SETTING_FILE_LENGTH) return content;
  throw configurationError(`The file ${file} is too long.`, hint);
}

/** Like `readSettingFile`, and also throws if the file is not PEM with a block `label`. */
export function readSettingPem(
  file: string,
  setting: CliSetting,
  label: 'CERTIFICATE' | 'PRIVATE KEY',
): string {
  const pem = readSettingFile(file, setting, label === 'PRIVATE KEY');
  if (new RegExp(`^-----BEGIN (?:[A-Z]+ )?${label}-----`, 'm').test(pem)) return pem;
  const what = label === 'CERTIFICATE' ? 'certificate' : 'private key';
  throw configurationError(
    `There is no ${what} in ${file}.`,
    `Check ${settingLabel(setting)}: the file must be PEM with -----BEGIN ${label}-----`,
  );
}

function readFileContent(file: string, secret: boolean): string {
  // Non-blocking, because opening a named pipe would wait for a writer.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor);
    if (secret && isSecretExposed(stats)) throw exposedKey(file, stats);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
