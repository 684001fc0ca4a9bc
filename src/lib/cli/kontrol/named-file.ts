import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errorCode, reasonOf } from '../../keys/secure-files.js';
import { configurationError, isCliError } from '../runtime/cli-error.js';
import { type CliSetting, settingLabel } from '../settings/cli-setting.js';
import { SETTING_FILE_LENGTH } from '../runtime/command-limits.js';

/**
 * The content of a file that a setting names.
 *
 * @throws CliError where it cannot be read, is too long, or, where `secret`, others can read or change it
 */
export function namedFile(file: string, setting: CliSetting, secret = false): string {
  const hint = `It is named by ${settingLabel(setting)}.`;
  let content: string;
  try {
    content = read(file, secret);
  } catch (error) {
    if (isCliError(error)) throw error;
    const reason = errorCode(error) === 'ENOENT' ? 'it is not there' : reasonOf(error);
    throw configurationError(`The file ${file} cannot be read: ${reason}.`, hint);
  }
  if (content.length <= SETTING_FILE_LENGTH) return content;
  throw configurationError(`The file ${file} is too long.`, hint);
}

/** The content of a file that is PEM and holds a `label`. Throws like `namedFile`. */
export function namedPem(file: string, setting: CliSetting, label: 'CERTIFICATE' | 'PRIVATE KEY'): string {
  const pem = namedFile(file, setting, label === 'PRIVATE KEY');
  if (new RegExp(`^-----BEGIN (?:[A-Z]+ )?${label}-----`, 'm').test(pem)) return pem;
  const what = label === 'CERTIFICATE' ? 'certificate' : 'private key';
  throw configurationError(
    `There is no ${what} in ${file}.`,
    `It is named by ${settingLabel(setting)}, and must be PEM: -----BEGIN ${label}-----`,
  );
}

function read(file: string, secret: boolean): string {
  // A named pipe must not make the program wait for a writer.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const { mode } = fstatSync(descriptor);
    if (secret && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw configurationError(
        `The private key in ${file} can be read or changed by others (mode ${(mode & 0o777).toString(8)}).`,
        `Make it yours alone with: chmod 600 ${file}`,
      );
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
