import type { Manifest } from './kite-manifest.js';
import { NOBODY, type Place } from './kite-folder.js';
import type { Source } from './install-source.js';

/**
 * Where a kite belongs whose manifest was found at `source`: `github.com/USER/REPO`, or for other hosts the host and the
 * folder of the manifest that is the user's: `https://example.com/bob/math/.kite.json` is `example.com/bob/math`. The
 * parts are not checked yet.
 */
export function placeOfManifest(
  source: Extract<Source, { type: 'manifest' | 'github' }>,
  { name, version }: Pick<Manifest, 'name' | 'version'>,
): Place {
  if (source.type === 'github') {
    return { domain: 'github.com', user: source.user, repo: repoOf(source.repo, name), version };
  }
  const { host, pathname } = new URL(source.url);
  const folders = pathname.split('/').slice(1, -1);
  const last = folders.at(-1) ?? '';
  const repo = repoOf(last, name);
  const user = folders.at(repo === last ? -2 : -1) ?? NOBODY;
  // A colon before a port is special to some file systems.
  return { domain: host.replace(':', '_'), user, repo, version };
}

/** The repository's name where it is that of the kite, with or without `.kite`; else the kite's. */
function repoOf(repository: string, name: string): string {
  return repository === name || repository === `${name}.kite` ? repository : name;
}
