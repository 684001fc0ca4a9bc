import { KITE_URLS } from '../../kite/config/accepted-values.js';
import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { PLAIN_URLS } from './command-values.js';

const { proxy, environment, region, version, kontrol, kontrolAuth, kiteKey, context } = commonSettings;

/** The settings of `expose`, by flag. */
export const exposeSettings = {
  to: {
    ...proxy,
    summary: 'URL of the tunnel proxy. Your kite key is sent to it.',
    flag: { name: 'to', helpValue: 'URL' },
    variables: proxy.variables.map((name) => ({ name, accept: KITE_URLS })),
    accept: PLAIN_URLS,
    defaultText: 'one that Kontrol finds',
    commands: ['expose'],
  },
  environment: {
    ...environment,
    summary: 'Environment to register the kite in.',
    default: undefined,
    defaultText: 'the environment that the kite reports, or prod',
    commands: ['expose'],
  },
  region,
  version: {
    ...version,
    name: 'expose -version',
    summary: 'Version to register the kite with.',
    variables: [],
    commands: ['expose'],
  },
  transport: {
    name: 'expose -transport',
    summary: 'Transport to connect to the kite with.',
    flag: commonSettings.transport.flag,
    variables: [],
    accept: commonSettings.transport.accept,
    default: undefined,
    defaultText: 'detected at the start',
    commands: ['expose'],
  },
  kontrol,
  auth: kontrolAuth,
  'key-file': kiteKey,
  context,
  ...accessSettings,
} as const satisfies Readonly<Record<string, CliSetting>>;
