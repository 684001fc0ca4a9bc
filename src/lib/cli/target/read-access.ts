import { accessProblem } from '../../transport/handshake/access-problem.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import { type CliError, configurationError } from '../runtime/cli-error.js';
import { accessSettings } from '../settings/access-settings.js';
import { settingLabel } from '../settings/cli-setting.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { readSettingFile } from './setting-file.js';

const { ca, cert, key, header, insecure } = accessSettings;

/**
 * Returns the certificates and headers of the connections that a command opens, from the files of its settings.
 *
 * @throws CliError if a file cannot be read, or if its content or a header cannot be used
 */
export function readAccess(settings: CommandSettings): ServerAccess {
  const files = {
    ca: settings.value(ca),
    cert: settings.value(cert),
    key: settings.value(key),
  };
  const access: ServerAccess = {
    ...(files.ca !== undefined && { ca: readSettingFile(files.ca, ca) }),
    ...(files.cert !== undefined && { cert: readSettingFile(files.cert, cert) }),
    ...(files.key !== undefined && { key: readSettingFile(files.key, key, true) }),
    ...headersOf(settings.value(header)),
    ...(settings.value(insecure) && { insecure: true }),
  };
  const problem = accessProblem(access);
  if (!problem) return access;
  const { option, reason } = problem;
  if (option === 'ca' || option === 'cert' || option === 'key') {
    const own = settings.own(accessSettings[option]);
    const labels = option === 'ca' ? [own] : [settings.own(cert), settings.own(key)];
    throw configurationError(
      `${files[option] ?? settingLabel(own)} ${reason}.`,
      `Check ${labels.map(settingLabel).join(' and ')}.`,
    );
  }
  throw headerError(reason);
}

function headersOf(entries: readonly string[]): Pick<ServerAccess, 'headers'> {
  if (entries.length === 0) return {};
  const headers = new Map<string, readonly [name: string, value: string]>();
  for (const line of entries.flatMap(headerLines)) {
    const colon = line.indexOf(':');
    // The line may be a secret.
    if (colon < 1) throw headerError('cannot be sent: a header has no name, which is followed by a colon');
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    const lower = name.toLowerCase();
    const [first, before] = headers.get(lower) ?? [];
    // A repeated header is the same as a list of its values (RFC 9110, section 5.3).
    const all = before === undefined ? value : `${before}${lower === 'cookie' ? '; ' : ', '}${value}`;
    headers.set(lower, [first ?? name, all]);
  }
  return { headers: Object.fromEntries(headers.values()) };
}

/** Returns the header, or those in a file. Lines of a file that are blank or begin with `#` are left out. */
function headerLines(entry: string): readonly string[] {
  if (!entry.startsWith('@')) return [entry];
  const lines = readSettingFile(entry.slice(1), header).split(/\r?\n/);
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

function headerError(reason: string): CliError {
  return configurationError(
    `A header of ${settingLabel(header)} ${reason}.`,
    "Write it like this: --header 'X-Tenant: blue', or in a file: --header @FILE",
  );
}
