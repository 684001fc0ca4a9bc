import { unescape } from 'node:querystring';
import type { RequestHeaders } from './node-dial-options.js';

/**
 * Returns the additional headers of a request to a URL, with its credentials as `Authorization`, unless `headers` has this header.
 * Returns undefined if there are none.
 */
export function authorizedHeaders(
  base: URL,
  headers: RequestHeaders | undefined,
): RequestHeaders | undefined {
  const authorization = basicAuthorization(base);
  if (authorization === undefined) return headers;
  const isSet = headers && Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  if (isSet) return headers;
  return { ...headers, Authorization: authorization };
}

/** Returns the credentials of a URL for Basic authentication, `user:password`. Returns undefined if it has none. */
export function basicCredentials({ username, password }: URL): string | undefined {
  return username === '' && password === '' ? undefined : `${unescape(username)}:${unescape(password)}`;
}

/** Returns the header `Authorization` or `Proxy-Authorization` for the credentials of a URL. Returns undefined if it has none. */
export function basicAuthorization(url: URL): string | undefined {
  const credentials = basicCredentials(url);
  return credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
}
