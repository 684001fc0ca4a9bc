import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';

const { kiteKey: _ofKontrol, ...kontrol } = commonSettings.kontrol;
const { kiteKey: _ofUser, ...username } = commonSettings.username;

/** The settings of `register`, by flag. There is no kite key yet to read them from. */
export const registerSettings = {
  to: {
    ...kontrol,
    summary: 'URL of Kontrol.',
    flag: { name: 'to', helpValue: 'URL' },
    commands: ['register'],
  },
  username: {
    ...username,
    summary: 'User of the new kite key.',
    flag: { name: 'username', helpValue: 'NAME' },
    default: undefined,
    defaultText: '',
    commands: ['register'],
  },
  timeout: commonSettings.timeout,
  transport: commonSettings.transport,
  'key-store': commonSettings.keyStore,
  context: commonSettings.context,
  ...accessSettings,
} as const satisfies Readonly<Record<string, CliSetting>>;
