import { unescape } from 'node:querystring';

/** `user:password`, as Basic authentication wants them; undefined where the URL has none. */
export function credentialsOf({ username, password }: URL): string | undefined {
  return username === '' && password === '' ? undefined : `${unescape(username)}:${unescape(password)}`;
}
