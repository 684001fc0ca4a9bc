import os from 'node:os';
import path from 'node:path';
import { kiteSettings } from './kite-settings.js';
import { type Environment, settingValue } from './resolve-setting.js';

/** The folder with the kite key: `KITE_HOME`, else `.kite` in the person's home. */
export function kiteHome(env: Environment): string {
  return settingValue(kiteSettings.kiteHome, { env }) ?? path.join(env['HOME'] || os.homedir(), '.kite');
}
