import { DURATION } from '../../kite/config/accepted-values.js';
import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { WAIT_PARTS } from './command-values.js';
import { commonSettings } from './common-settings.js';

const { to, kontrol, timeout, transport, auth, kontrolAuth, kiteKey, context, keyStore } = commonSettings;

/** The settings of commands that connect to a kite, by flag. */
export const connectionSettings = {
  to,
  kontrol,
  timeout,
  transport,
  auth,
  'key-file': kiteKey,
  context,
  ...accessSettings,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands that connect to Kontrol, by flag. */
export const kontrolSettings = {
  kontrol,
  timeout,
  transport,
  auth: kontrolAuth,
  'key-file': kiteKey,
  context,
  ...accessSettings,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of `wait`, by flag. Its timeout is that of the whole command; calls of Kontrol have the usual one. */
export const waitSettings = {
  ...kontrolSettings,
  timeout: {
    name: 'wait timeout',
    summary: 'How long to wait, such as 60s or 5m; 0 means no limit.',
    flag: { name: 'timeout', helpValue: 'DURATION' },
    variables: [],
    accept: DURATION,
    default: 60_000,
    defaultText: '1m',
    commands: ['wait'],
  },
  for: {
    name: 'wait condition',
    summary: `What to wait for: ${WAIT_PARTS.description}. Repeatable.`,
    flag: {
      name: 'for',
      kind: 'list',
      oneValue: true,
      helpValue: 'CONDITION',
      description:
        'registered: a kite is registered. answering: a kite is registered, and answers a ping (kite.ping). gone: no kite is ' +
        'registered. count=N: at least N kites are, instead of one; it can be combined with registered and answering.',
    },
    variables: [],
    accept: WAIT_PARTS,
    default: [],
    defaultText: 'registered',
    commands: ['wait'],
  },
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands that use the active kite key, by flag. */
export const keySettings = {
  'key-file': kiteKey,
  context,
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The settings of commands that manage all kite keys, by flag. */
export const keyStoreSettings = {
  ...keySettings,
  'key-store': {
    ...keyStore,
    commands: ['keys list', 'keys remove', 'keys show'],
    flag: {
      ...keyStore.flag,
      summary: 'Where to look for kite keys: file, or keychain to include the keychain.',
    },
  },
} as const satisfies Readonly<Record<string, CliSetting>>;
