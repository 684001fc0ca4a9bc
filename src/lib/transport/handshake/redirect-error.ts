import { DialError } from './dial-error.js';
import { parseBaseUrl, withoutSecrets } from './session-url.js';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Returns the error for a response that redirects the request of `path` to a new address: redirects are not followed, because
 * calls carry credentials. Returns undefined if the response does not redirect to a URL.
 */
export function redirectError(
  base: URL,
  path: string,
  { status, location }: { readonly status: number; readonly location: string | undefined },
): DialError | undefined {
  if (location === undefined || !REDIRECTS.has(status)) return undefined;
  const target = parseBaseUrl(location, base.origin + path);
  if (!target) return undefined;
  const session = sessionOf(base, path);
  if (target.pathname.endsWith(session))
    target.pathname = target.pathname.slice(0, target.pathname.length - session.length);
  return new DialError(
    'handshake',
    base,
    `the server redirects to ${withoutSecrets(target)} (HTTP ${status})`,
    { status, hint: 'Use that URL if you trust its host. Redirects are not followed.' },
  );
}

/** Returns the part of a request's path that is not a part of the base URL, such as `/042/8f0c…/websocket`. */
function sessionOf(base: URL, path: string): string {
  return path.replace(/\?.*/s, '').slice(base.pathname.replace(/\/+$/, '').length);
}
