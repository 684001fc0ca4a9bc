import type { KiteManifest } from './kite-manifest.js';
import { NO_USER, type InstallLocation } from './install-location.js';
import type { InstallSource } from './install-source.js';

/**
 * Returns the location of a kite by the URL of its manifest: `github.com/USER/REPO`, or for other hosts the host, the user's
 * folder and the repository, so that `https://example.com/bob/math/.kite.json` is `example.com/bob/math`. The parts are not
 * validated.
 */
export function manifestLocation(
  source: Extract<InstallSource, { type: 'manifest' | 'github' }>,
  { name, version }: Pick<KiteManifest, 'name' | 'version'>,
): InstallLocation {
  if (source.type === 'github') {
    return { domain: 'github.com', user: source.user, repo: repositoryName(source.repo, name), version };
  }
  const { host, pathname } = new URL(source.url);
  const folders = pathname.split('/').slice(1, -1);
  const last = folders.at(-1) ?? '';
  const repo = repositoryName(last, name);
  const user = folders.at(repo === last ? -2 : -1) ?? NO_USER;
  // A colon before a port is special to some file systems.
  return { domain: host.replace(':', '_'), user, repo, version };
}

/** Returns the repository's name if it is the kite's name with or without `.kite`, otherwise the kite's name. */
function repositoryName(repository: string, name: string): string {
  return repository === name || repository === `${name}.kite` ? repository : name;
}
