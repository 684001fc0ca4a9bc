import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { limitSettings } from './limit-settings.js';

const {
  advertise,
  port,
  ip,
  environment,
  region,
  version,
  kontrol,
  kiteKey,
  context,
  allowedOrigins,
  allowedHosts,
} = commonSettings;

/** The settings of `serve`, by flag. */
export const serveSettings = {
  port,
  ip,
  environment,
  region,
  version,
  advertise,
  kontrol: { ...kontrol, flag: { ...kontrol.flag, dependsOn: ['register'] } },
  'key-file': kiteKey,
  context,
  'allow-origin': allowedOrigins,
  'allow-host': allowedHosts,
  limit: limitSettings.serve,
} as const satisfies Readonly<Record<string, CliSetting>>;
