import { DURATION, KITE_URLS } from '../../kite/config/accepted-values.js';
import { kiteSettings } from '../../kite/config/kite-settings.js';
import { colorSetting } from '../runtime/color-setting.js';
import type { CliSetting } from './cli-setting.js';
import { KEY_COMMANDS, KONTROL_COMMANDS, CONNECTION_COMMANDS, SERVER_COMMANDS } from './command-groups.js';
import { KEY_LOCATION, KEY_STORE, TARGET, oneOf, PLAIN_URL, PLAIN_URLS, STRING } from './command-values.js';
import { locationInContext } from './key-location.js';

const EXPLAIN = 'config explain';
/** Commands that run a kite of the user, with flags for the settings of the kite. */
const KITE_COMMANDS = ['expose', 'proxy start', 'serve'] as const;
/** Commands that open connections to other hosts. */
const DIALING_COMMANDS = [
  ...CONNECTION_COMMANDS,
  ...KONTROL_COMMANDS,
  ...SERVER_COMMANDS,
  'install',
  'register',
] as const;

/**
 * The settings that several commands share: those of every kite, extended with flags and contexts, and some of the command line.
 * Other files in this folder define the settings of single commands and variants with another flag. `all-settings.ts` combines
 * them.
 */
export const commonSettings = {
  kiteHome: { ...kiteSettings.kiteHome, commands: [] },
  context: {
    name: 'context',
    summary: 'Context to use; see: kitectl context.',
    flag: { name: 'context', helpValue: 'NAME', completion: 'contexts' },
    variables: ['KITE_CONTEXT'],
    accept: STRING,
    default: undefined,
    defaultText: 'the active context',
    commands: [
      ...CONNECTION_COMMANDS,
      ...KONTROL_COMMANDS,
      ...KEY_COMMANDS,
      ...KITE_COMMANDS,
      'register',
      EXPLAIN,
    ],
  },
  kiteKey: {
    ...kiteSettings.kiteKey,
    flag: { name: 'key-file', summary: 'File with your kite key.', helpValue: 'PATH', completion: 'files' },
    accept: KEY_LOCATION,
    context: 'keyFile',
    readContext: locationInContext,
    defaultText: '~/.kite/kite.key',
    commands: [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS, ...KEY_COMMANDS, 'expose', 'serve', EXPLAIN],
  },
  keyStore: {
    name: 'key store',
    summary: 'Where to store the kite key: in a file, or in the keychain of your desktop.',
    flag: { name: 'key-store' },
    variables: [],
    context: 'keyStore',
    accept: KEY_STORE,
    default: 'file',
    commands: ['register'],
  },
  kontrol: {
    ...kiteSettings.kontrol,
    flag: { name: 'kontrol', helpValue: 'URL' },
    variables: kiteSettings.kontrol.variables.map((name) => ({ name, accept: KITE_URLS })),
    accept: PLAIN_URLS,
    context: 'kontrol',
    defaultText: '',
    commands: [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS, ...KITE_COMMANDS, EXPLAIN],
  },
  to: {
    name: 'to',
    summary: 'The kite: its URL, or a query such as /bob/prod/math.',
    flag: {
      name: 'to',
      description:
        'A URL, such as http://localhost:3636/kite, is dialed directly. A query, /user/environment/name, is looked up at ' +
        'Kontrol; the command connects to one of the kites that match, and tries the next one if it is unreachable. A query with * ' +
        "or ?, such as '/bob/*/math', has to be quoted; see: kitectl query --help.",
      helpValue: 'URL|QUERY',
      completion: 'kites',
    },
    variables: ['KITE_TO'],
    context: 'to',
    accept: TARGET,
    default: undefined,
    defaultText: 'your only kite that responds',
    commands: [...CONNECTION_COMMANDS, EXPLAIN],
  },
  username: {
    ...kiteSettings.username,
    context: 'username',
    kiteKeyFirst: true,
    commands: [...SERVER_COMMANDS],
  },
  timeout: {
    ...kiteSettings.timeout,
    flag: {
      name: 'timeout',
      summary: 'Timeout of a call, such as 4s, 500ms or 1m; 0 means no timeout.',
      helpValue: 'DURATION',
    },
    context: 'timeout',
    // The flag of wait is another setting.
    commands: [
      ...CONNECTION_COMMANDS,
      ...KONTROL_COMMANDS.filter((name) => name !== 'wait'),
      'register',
      EXPLAIN,
    ],
  },
  transport: {
    ...kiteSettings.transport,
    flag: { name: 'transport' },
    context: 'transport',
    commands: [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS, 'register', EXPLAIN],
  },
  auth: {
    name: 'auth',
    summary: 'Credentials to send: your kite key, or none.',
    flag: {
      name: 'auth',
      description:
        'By default, credentials are sent only to kites on this machine (loopback addresses), and only if they require them: a ' +
        'token if Kontrol knows the kite, otherwise your kite key if you run the kite.',
    },
    variables: [],
    accept: oneOf('none', 'kite-key'),
    default: undefined,
    defaultText: 'what kites on this machine require, none for others',
    commands: [...CONNECTION_COMMANDS, EXPLAIN],
  },
  kontrolAuth: {
    name: 'kontrol auth',
    summary:
      'kite-key: send your kite key to a Kontrol or proxy on this machine even if another user runs it.',
    flag: {
      name: 'auth',
      description:
        'By default, your kite key is sent to a Kontrol or a proxy on this machine (loopback addresses) only if you run it.',
    },
    variables: ['KITE_KONTROL_AUTH'],
    accept: oneOf('kite-key'),
    default: undefined,
    defaultText: 'only if you run it',
    commands: [...KONTROL_COMMANDS, ...KITE_COMMANDS],
  },
  environment: {
    ...kiteSettings.environment,
    flag: { name: 'environment', helpValue: 'NAME' },
    commands: ['serve'],
  },
  region: {
    ...kiteSettings.region,
    flag: { name: 'region', helpValue: 'NAME' },
    commands: KITE_COMMANDS,
  },
  version: {
    ...kiteSettings.version,
    summary: 'Version of the kite.',
    flag: { name: 'version', helpValue: 'X.Y.Z' },
    default: '1.0.0',
    defaultText: '1.0.0',
    commands: ['serve'],
  },
  ip: {
    ...kiteSettings.ip,
    flag: { name: 'ip', helpValue: 'IP' },
    commands: ['serve'],
  },
  port: {
    ...kiteSettings.port,
    flag: { name: 'port', helpValue: 'N' },
    commands: ['serve'],
  },
  advertise: {
    name: 'advertised url',
    summary: 'URL to register, at which others reach the kite.',
    flag: {
      name: 'advertise',
      description:
        'The address of a load balancer or of a container on its host. Without a path, /kite is added.',
      helpValue: 'URL',
      dependsOn: ['register'],
    },
    variables: ['KITE_ADVERTISE_URL'],
    accept: PLAIN_URL,
    default: undefined,
    defaultText: 'the address from which Kontrol is reached',
    commands: ['serve'],
  },
  allowedOrigins: {
    ...kiteSettings.allowedOrigins,
    flag: { name: 'allow-origin', helpValue: 'ORIGINS' },
    commands: ['serve'],
  },
  allowedHosts: {
    ...kiteSettings.allowedHosts,
    flag: { name: 'allow-host', helpValue: 'NAMES' },
    commands: ['serve'],
  },
  trustedProxies: {
    ...kiteSettings.trustedProxies,
    flag: { name: 'trusted-proxy', helpValue: 'CIDRS' },
    commands: ['serve', 'proxy start'],
  },
  lameDuck: {
    name: 'lame duck',
    summary: 'How long to serve callers after a signal to end, once Kontrol and probes are told, such as 5s.',
    flag: {
      name: 'lame-duck',
      description:
        'In this time, nobody finds the program at Kontrol any more, and /readyz, if it is served, responds with 503. A second signal ends the program at once.',
      helpValue: 'DURATION',
    },
    variables: ['KITE_LAME_DUCK'],
    accept: DURATION,
    default: 0,
    defaultText: '0s',
    commands: ['kontrol start', 'proxy start', 'serve'],
  },
  proxy: { ...kiteSettings.proxy, commands: [] },
  httpsProxy: { ...kiteSettings.httpsProxy, commands: DIALING_COMMANDS },
  httpProxy: { ...kiteSettings.httpProxy, commands: DIALING_COMMANDS },
  allProxy: { ...kiteSettings.allProxy, commands: DIALING_COMMANDS },
  noProxy: { ...kiteSettings.noProxy, commands: DIALING_COMMANDS },
  handshakeTimeout: {
    ...kiteSettings.handshakeTimeout,
    commands: [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS, ...SERVER_COMMANDS],
  },
  verifyTtl: { ...kiteSettings.verifyTtl, commands: SERVER_COMMANDS },
  logLevel: {
    ...kiteSettings.logLevel,
    defaultText: 'info for commands that run a server, warn for others',
    commands: [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS, ...SERVER_COMMANDS],
  },
  logColor: { ...kiteSettings.logColor, commands: SERVER_COMMANDS },
  color: {
    ...colorSetting,
    flag: { name: 'color' },
    commands: [],
  },
} as const satisfies Readonly<Record<string, CliSetting>>;
