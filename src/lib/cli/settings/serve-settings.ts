import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { limitSettings } from './limit-settings.js';

const { port, ip, advertise, environment, region, version, kontrol, kontrolAuth } = commonSettings;
const { kiteKey, context, allowedOrigins, allowedHosts, trustedProxies } = commonSettings;

/** The settings of `serve`, by flag. */
export const serveSettings = {
  port,
  ip,
  environment,
  region,
  version,
  advertise,
  kontrol: { ...kontrol, flag: { ...kontrol.flag, dependsOn: ['register'] } },
  auth: { ...kontrolAuth, flag: { ...kontrolAuth.flag, dependsOn: ['register'] } },
  'key-file': kiteKey,
  context,
  'allow-origin': allowedOrigins,
  'allow-host': allowedHosts,
  'trusted-proxy': trustedProxies,
  limit: limitSettings.serve,
} as const satisfies Readonly<Record<string, CliSetting>>;
