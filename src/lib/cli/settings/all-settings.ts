import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { keyStoreSettings, waitSettings } from './connection-settings.js';
import { exposeSettings } from './expose-settings.js';
import { kontrolStartSettings } from './kontrol-start-settings.js';
import { limitSettings } from './limit-settings.js';
import { proxyStartSettings } from './proxy-start-settings.js';
import { registerSettings } from './register-settings.js';
import { serveSettings } from './serve-settings.js';
import { storageSecrets } from './storage-settings.js';

/**
 * The table of all settings, from which flags, completion, `config explain` and `docs/configuration.md` are generated. Entries with
 * the same name are the same setting with a different flag or default.
 */
export const allSettings: readonly CliSetting[] = [
  ...new Set<CliSetting>([
    ...Object.values(commonSettings),
    ...Object.values(accessSettings),
    ...Object.values(keyStoreSettings),
    ...Object.values(waitSettings),
    ...Object.values(registerSettings),
    ...Object.values(serveSettings),
    ...Object.values(exposeSettings),
    ...Object.values(kontrolStartSettings),
    ...Object.values(storageSecrets),
    ...Object.values(proxyStartSettings),
    ...Object.values(limitSettings),
  ]),
];

/** The settings that belong to a single command, such as `kontrol start`. */
export const singleCommandSettings: readonly CliSetting[] = [
  ...Object.values(kontrolStartSettings),
  ...Object.values(storageSecrets),
  ...Object.values(proxyStartSettings),
].filter((setting: CliSetting) => setting.name.includes(' start '));
