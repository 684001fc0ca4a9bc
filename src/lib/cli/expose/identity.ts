import { Kite } from '../../index.js';
import { type KiteIdentity, parseIdentity, validateIdentity } from '../../protocol/identity.js';
import { makeVisible } from '../../util/printable.js';
import { isLoopbackTarget, requireLoopback } from '../target/loopback-target.js';
import type { LocalKite } from './exposed-kite.js';

/** Milliseconds that the kite has to say who it is. Those of `kite.js` never answer who shows a key. */
const PATIENCE = 1000;

type Named = Pick<KiteIdentity, 'name' | 'environment' | 'username'>;

/**
 * Who the kite says it is, where it can tell: one of this library that takes this kite key. The key is shown to kites of
 * this machine only.
 */
export async function identityOf({ url, transport }: LocalKite, kiteKey: string): Promise<Named | undefined> {
  if (!(await isLoopbackTarget(url))) return undefined;
  const kite = new Kite('kitectl', '1.0.0', { kiteKey: false, env: {}, logLevel: 'error' });
  const client = kite.newClient(url, {
    ...(transport !== undefined && transport !== 'Session' && { transport }),
    auth: { type: 'kiteKey', key: kiteKey },
    timeout: PATIENCE,
  });
  try {
    await client.dial();
    requireLoopback(client);
    const answer = await client.tell<{ readonly kite?: unknown } | null>('kite.describe');
    const identity = parseIdentity(answer?.kite);
    validateIdentity(identity);
    return identity;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** Why the kite would refuse the tokens of callers that find it under this name, in sentences. */
export function incompatibleFields(identity: Named, as: Named): readonly string[] {
  const differing = (['username', 'environment', 'name'] as const).filter(
    (part) => identity[part] !== as[part],
  );
  return differing.map(
    (part) =>
      `warning: the kite has the ${part} ${makeVisible(identity[part])}, not ${as[part]}: it will refuse the tokens of those who find it.`,
  );
}
