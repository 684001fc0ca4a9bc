import { isAbsolute } from 'node:path';
import { usageError } from '../runtime/cli-error.js';
import { isSegment } from './kite-folder.js';

/** Where a kite comes from. */
export type Source =
  /** A manifest, `.kite.json`, by its https URL. */
  | { readonly type: 'manifest'; readonly url: string }
  | { readonly type: 'github'; readonly user: string; readonly repo: string; readonly url: string }
  /** A package in the npm registry; `spec` is its name, with a version or tag where one is asked for. */
  | { readonly type: 'npm'; readonly spec: string; readonly scope: string | undefined; readonly name: string }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'folder-or-file'; readonly path: string };

const FORMS =
  'A source is https://…/.kite.json, github.com/USER/REPO, the name of an npm package, or ./a.tar.gz or ./folder.';

const NPM = /^(?:@([a-z0-9][a-z0-9._-]*)\/)?([a-z0-9][a-z0-9._-]*)(?:@[A-Za-z0-9][A-Za-z0-9.+-]*)?$/;

/** @throws CliError where a text is no source */
export function parseSource(text: string): Source {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return manifestSource(text);
  if (text.startsWith('.') || isAbsolute(text)) return { type: 'folder-or-file', path: text };
  if (/\.(?:tar\.gz|tgz)$/.test(text)) return { type: 'file', path: text };
  if (text.startsWith('github.com/')) return githubSource(text);
  const [, scope, name] = NPM.exec(text) ?? [];
  if (name === undefined || text.length > 214) throw usageError(`Not a source of a kite: ${text}`, FORMS);
  return { type: 'npm', spec: text, scope, name };
}

function manifestSource(text: string): Source {
  if (!URL.canParse(text)) throw usageError(`Not a valid URL: ${text}`, FORMS);
  const url = new URL(text);
  if (url.protocol !== 'https:') {
    throw usageError(
      `Kites are installed over https only, not over ${url.protocol.slice(0, -1)}: they could be replaced in transit.`,
      FORMS,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('The URL of a manifest must not contain a user name or password.', FORMS);
  }
  return { type: 'manifest', url: url.href };
}

function githubSource(text: string): Source {
  const [, user = '', repo = '', ...more] = text.replace(/\/+$/, '').split('/');
  if (!isSegment(user) || !isSegment(repo) || more.length > 0) {
    throw usageError(`Not a repository: ${text}`, 'It is written like this: github.com/USER/REPO');
  }
  const url = `https://raw.githubusercontent.com/${user}/${repo}/HEAD/.kite.json`;
  return { type: 'github', user, repo, url };
}
