import { type LookupAddresses, resolvesToLoopback } from '../../util/loopback.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';

/** Whether the host of a URL resolves only to loopback addresses now. `keyRefusal` decides about an open connection. */
export async function isLoopbackTarget(
  url: string,
  lookup: LookupAddresses = lookupAddresses,
): Promise<boolean> {
  return URL.canParse(url) && resolvesToLoopback(new URL(url).hostname, lookup);
}
