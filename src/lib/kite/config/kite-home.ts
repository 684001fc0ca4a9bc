import os from 'node:os';
import path from 'node:path';
import { kiteSettings } from './kite-settings.js';
import { type Environment, settingValue } from './resolve-setting.js';

/** Returns the folder with the kite key: `KITE_HOME`, or `.kite` in the home folder of the user. */
export function kiteHome(env: Environment): string {
  return settingValue(kiteSettings.kiteHome, { env }) ?? path.join(env['HOME'] || os.homedir(), '.kite');
}
