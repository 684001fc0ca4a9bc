import { addressOfPeer } from '../../transport/channel/remote-address.js';
import { isLoopbackAddress, type LookupAddresses, resolvesToLoopback } from '../../util/loopback.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import { usageError } from '../runtime/cli-error.js';

/** Whether the host of a URL resolves only to loopback addresses, so that a kite key sent there stays on this machine. */
export async function isLoopbackTarget(
  url: string,
  lookup: LookupAddresses = lookupAddresses,
): Promise<boolean> {
  return URL.canParse(url) && resolvesToLoopback(new URL(url).hostname, lookup);
}

/**
 * Checks that an open connection is to a loopback address, before any data is sent: the name can resolve to another address since
 * `isLoopbackTarget`.
 *
 * @throws CliError if it is not
 */
export function requireLoopback({
  url,
  remoteAddress,
}: {
  readonly url: string;
  readonly remoteAddress: string;
}): void {
  const address = addressOfPeer(remoteAddress);
  if (isLoopbackAddress(address)) return;
  throw usageError(
    `${url} now resolves to ${address}, and a kite key is not sent to another machine by default.`,
    'Add --auth kite-key to send it.',
  );
}
