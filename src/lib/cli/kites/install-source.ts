import { isAbsolute } from 'node:path';
import { usageError } from '../runtime/cli-error.js';
import { isSegment } from './install-location.js';

/** A source that a kite can be installed from. */
export type InstallSource =
  /** The https URL of a manifest, `.kite.json`. */
  | { readonly type: 'manifest'; readonly url: string }
  | { readonly type: 'github'; readonly user: string; readonly repo: string; readonly url: string }
  /** A package in the npm registry; `spec` is its name with an optional version or tag. */
  | { readonly type: 'npm'; readonly spec: string; readonly scope: string | undefined; readonly name: string }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'folder-or-file'; readonly path: string };

const SOURCE_HINT =
  'Pass https://…/.kite.json, github.com/USER/REPO, the name of an npm package, ./a.tar.gz or ./folder.';

const NPM_SPEC = /^(?:@([a-z0-9][a-z0-9._-]*)\/)?([a-z0-9][a-z0-9._-]*)(?:@[A-Za-z0-9][A-Za-z0-9.+-]*)?$/;

/** @throws CliError if the string is not a source */
export function parseSource(text: string): InstallSource {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseManifestSource(text);
  if (text.startsWith('.') || isAbsolute(text)) return { type: 'folder-or-file', path: text };
  if (/\.(?:tar\.gz|tgz)$/.test(text)) return { type: 'file', path: text };
  if (text.startsWith('github.com/')) return parseGithubSource(text);
  const [, scope, name] = NPM_SPEC.exec(text) ?? [];
  if (name === undefined || text.length > 214) throw usageError(`Invalid source: ${text}`, SOURCE_HINT);
  return { type: 'npm', spec: text, scope, name };
}

function parseManifestSource(text: string): InstallSource {
  if (!URL.canParse(text)) throw usageError(`Invalid URL: ${text}`, SOURCE_HINT);
  const url = new URL(text);
  if (url.protocol !== 'https:') {
    throw usageError(
      `Kites are installed only over https, not over ${url.protocol.slice(0, -1)}, because they could be replaced in transit.`,
      SOURCE_HINT,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('The URL of a manifest must not contain a user name or password.', SOURCE_HINT);
  }
  return { type: 'manifest', url: url.href };
}

function parseGithubSource(text: string): InstallSource {
  const [, user = '', repo = '', ...more] = text.replace(/\/+$/, '').split('/');
  if (!isSegment(user) || !isSegment(repo) || more.length > 0) {
    throw usageError(`Invalid repository: ${text}`, 'Pass it as github.com/USER/REPO.');
  }
  const url = `https://raw.githubusercontent.com/${user}/${repo}/HEAD/.kite.json`;
  return { type: 'github', user, repo, url };
}
