import { Kite } from '../../index.js';
import { type KiteIdentity, parseIdentity, validateIdentity } from '../../protocol/identity.js';
import { makeVisible } from '../../util/make-visible.js';
import type { ServerAccess } from '../../transport/handshake/server-access.js';
import type { CommandSettings } from '../settings/command-settings.js';
import { keyRefusal } from '../target/key-recipient.js';
import { isLoopbackTarget } from '../target/loopback-target.js';
import { OnDemandClient } from '../target/on-demand-client.js';
import type { LocalKite } from './exposed-kite.js';

/** Timeout in milliseconds. Kites of `kite.js` never respond to `kite.describe`. */
const DESCRIBE_TIMEOUT = 1000;

type IdentityFields = Pick<KiteIdentity, 'name' | 'environment' | 'username'>;

/**
 * Returns the identity that a kite reports; undefined if it does not implement `kite.describe`, or requires credentials and must
 * not get the kite key or rejects it.
 */
export async function fetchIdentity(
  { url, transport }: LocalKite,
  kiteKey: string,
  { settings, serverAccess }: { readonly settings: CommandSettings; readonly serverAccess: ServerAccess },
): Promise<IdentityFields | undefined> {
  if (!(await isLoopbackTarget(url))) return undefined;
  const kite = new Kite('kitectl', '1.0.0', {
    kiteKey: false,
    env: {},
    logLevel: 'error',
    serverAccess,
  });
  const client = kite.newClient(url, {
    ...(transport !== undefined && transport !== 'Session' && { transport }),
    timeout: DESCRIBE_TIMEOUT,
  });
  const onDemand = new OnDemandClient(client, () => {
    const refused = keyRefusal(client, 'kite', settings);
    return refused ? Promise.reject(refused) : Promise.resolve({ type: 'kiteKey', key: kiteKey });
  });
  try {
    await client.dial();
    const description = await onDemand.call<{ readonly kite?: unknown } | null>('kite.describe', []);
    const identity = parseIdentity(description?.kite);
    validateIdentity(identity);
    return identity;
  } catch {
    return undefined;
  } finally {
    await kite.close();
  }
}

/** Returns a warning for each field because of which the kite would reject the tokens of callers that find it as `as`. */
export function incompatibleFields(identity: IdentityFields, as: IdentityFields): readonly string[] {
  const mismatches = (['username', 'environment', 'name'] as const).filter(
    (field) => identity[field] !== as[field],
  );
  return mismatches.map(
    (field) =>
      `warning: the kite has the ${field} ${makeVisible(identity[field])}, not ${as[field]}; it will reject the tokens of its callers.`,
  );
}
