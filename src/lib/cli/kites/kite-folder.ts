import { join } from 'node:path';
import { kiteHome } from '../../kite/config/kite-home.js';
import { CliError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';

/** Where an installed kite is: `<domain>/<user>/<repo>/<version>` in the folder of kites, as in the Go tool. */
export interface Place {
  /** `github.com`, the host of a manifest, `npm`, or `local`. */
  readonly domain: string;
  readonly user: string;
  /** The kite's name, or that with `.kite` behind it. */
  readonly repo: string;
  readonly version: string;
}

/** Stands for a user where a source has none. */
export const NOBODY = '_';

// No separator, nothing that begins with a dot or a dash, nothing that is special to a shell or to another file system.
const SEGMENT = /^[A-Za-z0-9_@][A-Za-z0-9._+@-]{0,99}$/;
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][A-Za-z0-9.+-]{1,64})?$/;

/** Whether a text may be one name in the path of an installed kite: it cannot lead anywhere else. */
export function isSegment(text: string): boolean {
  return SEGMENT.test(text) && !text.endsWith('.');
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** The folder of all installed kites. */
export function kitesFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(kiteHome(env), 'kites');
}

/** `<domain>/<user>/<repo>/<version>` */
export function placePath({ domain, user, repo, version }: Place): string {
  return [domain, user, repo, version].join('/');
}

/** The kite's name, which is that of its program in `bin`. */
export function nameOf({ repo }: Pick<Place, 'repo'>): string {
  return repo.replace(/\.kite$/, '');
}

/** The folder of one installed kite. */
export function placeFolder(kites: string, { domain, user, repo, version }: Place): string {
  return join(kites, domain, user, repo, version);
}

/**
 * The place, every part of which is a plain name.
 *
 * @throws CliError where one is not: it would lead out of the folder of kites
 */
export function checkedPlace(place: Place): Place {
  const { domain, user, repo, version } = place;
  for (const [what, text] of Object.entries({ domain, user, repo })) {
    if (!isSegment(text)) throw badSource(`The ${what} of the kite is not a plain name: ${text}`);
  }
  if (!isVersion(version)) throw badSource(`The version of the kite must be like 1.2.3, not ${version}`);
  return place;
}

/** What was to be installed cannot be. */
export function badSource(message: string, hint = 'Nothing was installed.'): CliError {
  return new CliError(message, { exitCode: ExitCode.remoteError, type: 'badSource', hint });
}
