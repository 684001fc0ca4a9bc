import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { limitSettings } from './limit-settings.js';

const { port, ip, advertise, environment, region, version, kontrol, kontrolAuth } = commonSettings;
const { ca, cert, key, header, insecure } = accessSettings;
const dependsOn = ['register'] as const;
const { kiteKey, context, allowedOrigins, allowedHosts, trustedProxies } = commonSettings;

/** The settings of `serve`, by flag. */
export const serveSettings = {
  port,
  ip,
  environment,
  region,
  version,
  advertise,
  kontrol: { ...kontrol, flag: { ...kontrol.flag, dependsOn } },
  auth: { ...kontrolAuth, flag: { ...kontrolAuth.flag, dependsOn } },
  'key-file': kiteKey,
  context,
  ca: { ...ca, flag: { ...ca.flag, dependsOn } },
  cert: { ...cert, flag: { ...cert.flag, dependsOn } },
  key: { ...key, flag: { ...key.flag, dependsOn } },
  header: { ...header, flag: { ...header.flag, dependsOn } },
  insecure: { ...insecure, flag: { ...insecure.flag, dependsOn } },
  'allow-origin': allowedOrigins,
  'allow-host': allowedHosts,
  'trusted-proxy': trustedProxies,
  'lame-duck': commonSettings.lameDuck,
  limit: limitSettings.serve,
} as const satisfies Readonly<Record<string, CliSetting>>;
