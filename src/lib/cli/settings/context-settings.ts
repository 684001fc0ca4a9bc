import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import type { ContextField } from './contexts.js';

const { kontrol, username, kiteKey, keyStore, to, timeout, transport } = commonSettings;

/** The settings that a context can contain, by the flags of `context add`. */
export const contextSettings = {
  kontrol,
  username: { ...username, flag: { name: 'username', summary: 'Your user at Kontrol.', helpValue: 'NAME' } },
  'key-store': keyStore,
  'key-file': kiteKey,
  to,
  timeout,
  transport,
} as const satisfies Readonly<Record<string, CliSetting & { readonly context: ContextField }>>;
