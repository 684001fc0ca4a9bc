import { join } from 'node:path';
import { kiteKeyPath } from '../../keys/index.js';
import { kiteHome } from '../../kite/config/kite-home.js';
import { readContexts } from '../settings/contexts.js';
import { type KeyLocation, locationInContext } from '../settings/key-location.js';
import type { Environment } from '../../kite/config/resolve-setting.js';

/** The context that stores the location of Kontrol's own kite key. */
export const KONTROL_CONTEXT = 'kontrol';

/** Returns the location of Kontrol's own kite key. */
export function kontrolKeyLocation(env: Environment): KeyLocation {
  const context = readContexts(env).contexts.get(KONTROL_CONTEXT);
  const stored = context?.keyStore && locationInContext({ name: KONTROL_CONTEXT, context });
  return stored || { type: 'file', file: kiteKeyPath(join(kiteHome(env), 'kontrol')) };
}
