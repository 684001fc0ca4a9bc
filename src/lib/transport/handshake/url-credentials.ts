import { unescape } from 'node:querystring';

/** Returns the credentials of a URL for Basic authentication, `user:password`. Returns undefined if it has none. */
export function basicCredentials({ username, password }: URL): string | undefined {
  return username === '' && password === '' ? undefined : `${unescape(username)}:${unescape(password)}`;
}

/** Returns the header `Authorization` or `Proxy-Authorization` for the credentials of a URL. Returns undefined if it has none. */
export function basicAuthorization(url: URL): string | undefined {
  const credentials = basicCredentials(url);
  return credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
}
