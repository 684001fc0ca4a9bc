import { usageError } from '../runtime/cli-error.js';
import type { NamedContext } from './contexts.js';

const EXAMPLE = 'http://localhost:3636/kite';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which kite a command talks to. */
export type Target =
  | { readonly type: 'url'; readonly url: string }
  /** One that Kontrol finds for this query; `source` says who asked. */
  | { readonly type: 'query'; readonly path: string; readonly source: string }
  /** The one kite of this person that answers. */
  | { readonly type: 'mine' };

/**
 * The kite that a command talks to: what `--to` says, else `KITE_TO`, else the context, as a URL or as a query that begins
 * with `/`; else the one kite of this person's.
 *
 * @throws CliError when it is neither the URL of a kite nor begins with `/`
 */
export function resolveTarget(to: string | undefined, env: Environment, context?: NamedContext): Target {
  const target = (to ?? env['KITE_TO']) || context?.context.to;
  if (target === undefined || target === '') return { type: 'mine' };
  const source = to ? '--to' : env['KITE_TO'] ? 'KITE_TO' : `"to" of the context ${context?.name}`;
  if (target.startsWith('/')) return { type: 'query', path: target, source };
  return { type: 'url', url: checkedUrl(target, source, EXAMPLE, ', or as a query, /user/environment/name') };
}

/**
 * The text of a URL of a kite.
 *
 * @throws CliError that names `source`, where it is none
 */
export function checkedUrl(text: string, source: string, example = EXAMPLE, more = ''): string {
  const hint = `Give it like this: ${source.startsWith('--') ? `${source} ` : `${source}=`}${example}${more}`;
  const url = parseUrl(text);
  if (!url) throw usageError(`${source} is not a URL: ${text}`, hint);
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw usageError(`${source} must begin with http, https, ws or wss: ${text}`, hint);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(`${source} must not contain a user name or password.`, hint);
  }
  return text;
}

/** The error for a command that is told of no kite, and cannot ask for one. */
export function noTarget(): Error {
  return usageError(
    'No kite to talk to: neither --to nor KITE_TO is given, and there is no kite key to ask Kontrol with.',
    `Name one with --to ${EXAMPLE}, or for the whole shell with: export KITE_TO=${EXAMPLE}`,
  );
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
