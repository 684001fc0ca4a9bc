import { unescape } from 'node:querystring';

/** Returns the credentials of a URL for Basic authentication, `user:password`. Returns undefined if it has none. */
export function basicCredentials({ username, password }: URL): string | undefined {
  return username === '' && password === '' ? undefined : `${unescape(username)}:${unescape(password)}`;
}
