import { isKiteError } from '../../protocol/errors.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import { makeVisible } from '../../util/make-visible.js';

/** Connects to a server with `connect`, at a URL or at another one that may be meant. */
export type ConnectAt = <Connected>(
  url: string,
  connect: (url: string) => Promise<Connected>,
) => Promise<Connected>;

/** Returns a URL that has no path with the path of every kite; undefined if it has one. */
export function withKitePath(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.pathname !== '/' || parsed.search !== '') return undefined;
  parsed.pathname = '/kite';
  return parsed.href;
}

/**
 * Returns a function that connects to a URL and, if it has no path and the server has no kite there, to the path of every kite. It
 * rejects with the first error if there is no kite at either. `connect` must close what it has opened when it fails. `report` gets
 * one message for each URL whose path was added.
 */
export function tryKitePath(report: (message: string) => void): ConnectAt {
  const reported = new Set<string>();
  return async (url, connect) => {
    try {
      return await connect(url);
    } catch (error) {
      const other = withKitePath(url);
      if (other === undefined || !isWithoutKite(error)) throw error;
      const connected = await connect(other).catch((failure: unknown) => {
        throw isWithoutKite(failure) ? error : failure;
      });
      if (!reported.has(url))
        report(`There is no kite at ${makeVisible(url)}; connected to ${makeVisible(other)}`);
      reported.add(url);
      return connected;
    }
  };
}

/** Whether a server has answered, but has no kite at this path. */
export function isWithoutKite(error: unknown): boolean {
  const failure = isKiteError(error) ? error.cause : error;
  return isDialError(failure) && failure.status === 404;
}
