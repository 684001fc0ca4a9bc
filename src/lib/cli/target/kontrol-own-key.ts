import { join } from 'node:path';
import { kiteKeyPath } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { readContexts } from '../settings/contexts.js';
import { type KeyLocation, locationInContext } from '../settings/key-location.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The context that remembers where Kontrol's own kite key is. */
export const KONTROL_CONTEXT = 'kontrol';

/** Where Kontrol keeps the key that it made for itself. */
export function kontrolKeyLocation(env: Environment): KeyLocation {
  const context = readContexts(env).contexts.get(KONTROL_CONTEXT);
  const remembered = context?.keyStore && locationInContext({ name: KONTROL_CONTEXT, context });
  return remembered || { type: 'file', file: kiteKeyPath(join(kiteHome(env), 'kontrol')) };
}
