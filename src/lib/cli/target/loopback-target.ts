import { remoteIp } from '../../transport/channel/remote-address.js';
import { isLoopbackAddress, type LookupAddresses, resolvesToLoopback } from '../../util/loopback.js';
import { lookupAddresses } from '../../util/lookup-addresses.js';
import { usageError } from '../runtime/cli-error.js';

/** Whether a connection to a URL stays on this machine, so that a kite key sent there does not leave it. */
export async function isLoopbackTarget(
  url: string,
  lookup: LookupAddresses = lookupAddresses,
): Promise<boolean> {
  return URL.canParse(url) && resolvesToLoopback(new URL(url).hostname, lookup);
}

/**
 * Makes sure of the same once the connection stands, before anything is sent: the name may resolve to another address by
 * then.
 *
 * @throws CliError
 */
export function requireLoopback({
  url,
  remoteAddress,
}: {
  readonly url: string;
  readonly remoteAddress: string;
}): void {
  const address = remoteIp(remoteAddress);
  if (isLoopbackAddress(address)) return;
  throw usageError(
    `A kite key goes to another machine only when you say so, and ${url} is at ${address} now.`,
    'Add --auth kite-key to send it there.',
  );
}
