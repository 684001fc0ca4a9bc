import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** Location of an installed kite, `<domain>/<user>/<repo>/<version>` in the folder of kites, as in the Go implementation. */
export interface InstallLocation {
  /** `github.com`, the host of a manifest, `npm`, or `local`. */
  readonly domain: string;
  readonly user: string;
  /** The kite's name, with or without the suffix `.kite`. */
  readonly repo: string;
  readonly version: string;
}

/** Placeholder for sources without a user. */
export const NO_USER = '_';

// No separators, no leading dot or dash, and no characters that are special to a shell or a file system.
const SEGMENT = /^[A-Za-z0-9_@][A-Za-z0-9._+@-]{0,99}$/;
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][A-Za-z0-9.+-]{1,64})?$/;

/** Whether a string is safe as one segment of the path of an installed kite. */
export function isSegment(text: string): boolean {
  return SEGMENT.test(text) && !text.endsWith('.');
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Returns the folder of all installed kites. */
export function kitesFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(kiteHome(env), 'kites');
}

/** Formats a location as `<domain>/<user>/<repo>/<version>`. */
export function locationPath({ domain, user, repo, version }: InstallLocation): string {
  return [domain, user, repo, version].join('/');
}

/** Returns the name of a kite, which is also the name of its program in `bin`. */
export function nameOf({ repo }: Pick<InstallLocation, 'repo'>): string {
  return repo.replace(/\.kite$/, '');
}

/** Returns the folder of an installed kite. */
export function locationFolder(kites: string, { domain, user, repo, version }: InstallLocation): string {
  return join(kites, domain, user, repo, version);
}

/**
 * Returns the location if all its parts are safe in a path.
 *
 * @throws CliError otherwise, because the path could be outside the folder of kites
 */
export function checkLocation(location: InstallLocation): InstallLocation {
  const { domain, user, repo, version } = location;
  for (const [field, text] of Object.entries({ domain, user, repo })) {
    if (!isSegment(text))
      throw badSource(`The ${field} of the kite contains characters that are not allowed: ${text}`);
  }
  if (!isVersion(version)) throw badSource(`The version of the kite must have the form 1.2.3: ${version}`);
  return location;
}

/** Creates the error for a source that cannot be installed. */
export function badSource(message: string, hint = 'See: kitectl install --help'): CliError {
  return new CliError(message, { exitCode: ExitCode.remoteError, type: 'badSource', hint });
}
