import {
  kiteKeyPath,
  parsePublicKey,
  readKiteKeyFile,
  samePublicKey,
  writeKiteKeyFile,
} from '../../keys/index.js';
import type { Kontrol } from '../../kontrol/kontrol.js';
import { isKiteError } from '../../protocol/errors.js';
import type { Logger } from '../../util/logger.js';

type OwnKontrol = Pick<Kontrol, 'username' | 'url' | 'keyPairs' | 'newKiteKey' | 'kite'>;

/**
 * Sees to it that there is a kite key of Kontrol's own user in `home` that Kontrol accepts: with it, the person at this
 * machine administers it.
 */
export async function keepOwnKey(
  kontrol: OwnKontrol,
  home: string,
  say: (text: string) => void,
): Promise<void> {
  if (isCurrent(kontrol, kiteKeyPath(home))) return;
  await writeOwnKey(kontrol, home, say);
}

/** A new key pair, or a kite key that is refused from now on, makes the one in `home` old. */
export function renewOwnKeyWhenKeysChange(kontrol: OwnKontrol, home: string, logger: Logger): void {
  const say = (text: string): void => logger.info(text);
  kontrol.kite.finalFunc(async ({ method }, outcome) => {
    if (!CHANGES.has(method) || outcome.error !== undefined) return outcome;
    // Which of the kite keys is refused does not matter: a new one is made at no cost.
    const renewed =
      method === 'kontrol.revokeKiteKey' ? writeOwnKey(kontrol, home, say) : keepOwnKey(kontrol, home, say);
    await renewed.catch((error: unknown) => {
      logger.warn(`Kontrol's own kite key cannot be renewed: ${String(error)}`);
    });
    return outcome;
  });
}

const CHANGES: ReadonlySet<string> = new Set([
  'kontrol.rotateKeys',
  'kontrol.revokeKeyPair',
  'kontrol.revokeKiteKey',
]);

async function writeOwnKey(kontrol: OwnKontrol, home: string, say: (text: string) => void): Promise<void> {
  const jwt = await kontrol.newKiteKey(kontrol.username);
  const file = await writeKiteKeyFile(jwt, { home, force: true });
  say(`Wrote Kontrol's own kite key, with which this machine administers it: ${file}`);
}

function isCurrent(kontrol: OwnKontrol, file: string): boolean {
  try {
    const key = readKiteKeyFile(file);
    if (key.username !== kontrol.username || key.kontrolUrl !== kontrol.url) return false;
    const signing = kontrol.keyPairs().find(({ state }) => state === 'active');
    if (!signing) return false;
    return samePublicKey(parsePublicKey(signing.publicKey), parsePublicKey(key.kontrolKey));
  } catch (error) {
    // A key that cannot be used is as good as none: it is Kontrol's own, and can be made again.
    if (isKiteError(error, 'configurationError')) return false;
    throw error;
  }
}
