import { join } from 'node:path';
import { newKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { systemClock } from '../../../src/lib/util/clock.js';
import { KONTROL_URL, testKeyPair } from '../kite/keys.js';
import type { Cli } from './cli-harness.js';

/** Gives `username` a kite key in the home of the CLI, and returns the key. */
export async function becomeUser(cli: Cli, username: string): Promise<string> {
  const kiteKey = newKiteKey({
    username,
    kontrolUser: 'kontrol',
    kontrolUrl: KONTROL_URL,
    keyPair: await testKeyPair(0),
    clock: systemClock,
  });
  await writeKiteKeyFile(kiteKey, { home: join(cli.home, '.kite') });
  return kiteKey;
}
