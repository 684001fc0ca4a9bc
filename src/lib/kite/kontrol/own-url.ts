import { isConfigurationError } from '../../protocol/errors.js';
import { isOwnHost } from '../../util/listen-address.js';

/** The URL that a kite registers, or a function that finds it when the kite registers. */
export type OwnUrl = string | (() => Promise<string>);

/** Returns a warning if a kite registers a URL at which only this machine reaches it, with a Kontrol on another machine. */
export function reachabilityWarning(url: string, kontrolUrls: readonly string[]): string | undefined {
  if (!isLocal(url) || kontrolUrls.every(isLocal)) return undefined;
  return `This kite registers ${url}, at which other machines cannot reach it: listen on all addresses (KITE_IP=0.0.0.0, --ip), or set the URL yourself: with the option url, or for serve with --advertise or KITE_ADVERTISE_URL`;
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && isOwnHost(new URL(url).hostname);
}

/**
 * Returns the URL that `find` returns. If it fails for a reason that may end, for example because the name of Kontrol is not
 * resolved yet, returns `find`, which tries again. Rejects if the configuration is the reason: the kite does not listen.
 */
export function resolveOwnUrl(find: () => Promise<string>): Promise<OwnUrl> {
  return find().catch((error: unknown) => {
    if (isConfigurationError(error)) throw error;
    return find;
  });
}
