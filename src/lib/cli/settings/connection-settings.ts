import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';

const { to, kontrol, timeout, transport, auth, kiteKey, context, keyStore } = commonSettings;

/** The settings of commands that talk to one kite, by their flags. */
export const connectionSettings = {
  to,
  kontrol,
  timeout,
  transport,
  auth,
  'key-file': kiteKey,
  context,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands that ask Kontrol, by their flags. */
export const kontrolSettings = {
  kontrol,
  timeout,
  transport,
  'key-file': kiteKey,
  context,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands that use the kite key in use, by their flags. */
export const keySettings = {
  'key-file': kiteKey,
  context,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands about all kite keys, by their flags. */
export const keyStoreSettings = {
  ...keySettings,
  'key-store': keyStore,
} as const satisfies Readonly<Record<string, CliSetting>>;
