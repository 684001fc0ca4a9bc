import { KITE_URLS } from '../../kite/config/accepted-values.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { PLAIN_URLS } from './command-values.js';

const { proxy, environment, region, version, kontrol, kiteKey, context } = commonSettings;

/** The settings of `expose`, by their flags. */
export const exposeSettings = {
  to: {
    ...proxy,
    summary: 'URL of the tunnel proxy, which is sent your kite key.',
    flag: { name: 'to', helpValue: 'URL' },
    variables: proxy.variables.map((name) => ({ name, accept: KITE_URLS })),
    accept: PLAIN_URLS,
    defaultText: 'one that Kontrol finds',
    commands: ['expose'],
  },
  environment: {
    ...environment,
    summary: 'Environment under which it is found.',
    default: undefined,
    defaultText: 'the one that the kite reports, or prod',
    commands: ['expose'],
  },
  region,
  version: {
    ...version,
    name: 'expose -version',
    summary: 'Version under which it is found.',
    variables: [],
    commands: ['expose'],
  },
  transport: {
    name: 'expose -transport',
    summary: 'How to connect to the kite.',
    flag: commonSettings.transport.flag,
    variables: [],
    accept: commonSettings.transport.accept,
    default: undefined,
    defaultText: 'found out when the command starts',
    commands: ['expose'],
  },
  kontrol,
  'key-file': kiteKey,
  context,
} as const satisfies Readonly<Record<string, CliSetting>>;
