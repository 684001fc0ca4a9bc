import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { HOSTS, IP, NAME, ORIGINS, PORT, SWITCH, VERSION } from '../../kite/config/accepted-values.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { limitSettings } from './limit-settings.js';
import { KEY_STORE, oneOf, PATH, PLAIN_URL } from './command-values.js';
import { storageSettings } from './storage-settings.js';

/** The authorization policy of a Kontrol. */
export type PolicyChoice =
  | { readonly type: 'own' | 'open' }
  | { readonly type: 'file'; readonly file: string };

const POLICY: AcceptedValue<PolicyChoice> = {
  description: 'own, open, or the path of a policy file',
  example: 'open',
  parse(value) {
    if (typeof value !== 'string') return undefined;
    // `default` is the former name.
    if (value === 'default' || value === 'own') return { type: 'own' };
    return value === 'open' ? { type: 'open' } : { type: 'file', file: value };
  },
};

const commands = ['kontrol start'] as const;

/** The settings of `kontrol start`, by flag. The flags have the names of the Go program `kontrol`. */
export const kontrolStartSettings = {
  initial: {
    name: 'kontrol start -initial',
    summary: "Create Kontrol's kite key, and missing key files, and exit.",
    flag: { name: 'initial', kind: 'switch' },
    variables: ['KONTROL_INITIAL'],
    accept: SWITCH,
    default: false,
    commands,
  },
  ip: {
    name: 'kontrol start -ip',
    summary: 'Address to listen on.',
    flag: { name: 'ip', helpValue: 'IP' },
    variables: ['KONTROL_IP'],
    accept: IP,
    default: '127.0.0.1',
    commands,
  },
  port: {
    name: 'kontrol start -port',
    summary: 'Port to listen on; 0 means any free port.',
    flag: { name: 'port', helpValue: 'N' },
    variables: ['KONTROL_PORT'],
    accept: PORT,
    default: 4000,
    commands,
  },
  kontrolurl: {
    name: 'kontrol start -kontrolurl',
    summary: 'Public URL of this Kontrol. It is part of kite keys.',
    flag: { name: 'kontrolurl', helpValue: 'URL' },
    variables: ['KONTROL_KONTROLURL'],
    accept: PLAIN_URL,
    default: undefined,
    defaultText: 'derived from --ip and --port',
    commands,
  },
  registerurl: {
    name: 'kontrol start -registerurl',
    summary: 'URL that Kontrol registers for itself.',
    flag: { name: 'registerurl', helpValue: 'URL' },
    variables: ['KONTROL_REGISTERURL'],
    accept: PLAIN_URL,
    default: undefined,
    defaultText: '--kontrolurl',
    commands,
  },
  username: {
    name: 'kontrol start -username',
    summary: 'User of Kontrol.',
    flag: { name: 'username', helpValue: 'NAME' },
    variables: ['KONTROL_USERNAME'],
    accept: NAME,
    default: 'kontrol',
    commands,
  },
  environment: {
    name: 'kontrol start -environment',
    summary: 'Environment of Kontrol.',
    flag: { name: 'environment', helpValue: 'NAME' },
    variables: ['KONTROL_ENVIRONMENT', ...commonSettings.environment.variables],
    accept: NAME,
    default: 'unknown',
    commands,
  },
  region: {
    name: 'kontrol start -region',
    summary: 'Region of Kontrol.',
    flag: { name: 'region', helpValue: 'NAME' },
    variables: ['KONTROL_REGION', ...commonSettings.region.variables],
    accept: NAME,
    default: 'unknown',
    commands,
  },
  version: {
    name: 'kontrol start -version',
    summary: 'Version of the Kontrol kite.',
    flag: { name: 'version', helpValue: 'X.Y.Z' },
    variables: ['KONTROL_VERSION'],
    accept: VERSION,
    default: undefined,
    defaultText: 'the version of kitectl',
    commands,
  },
  publickeyfile: {
    name: 'kontrol start -publickeyfile',
    summary: 'PEM file with the public key that verifies keys and tokens.',
    flag: { name: 'publickeyfile', helpValue: 'PATH', completion: 'files' },
    variables: ['KONTROL_PUBLICKEYFILE'],
    accept: PATH,
    default: undefined,
    defaultText: 'created at the first start',
    commands,
  },
  privatekeyfile: {
    name: 'kontrol start -privatekeyfile',
    summary: 'PEM file with the private key that signs keys and tokens.',
    flag: { name: 'privatekeyfile', helpValue: 'PATH', completion: 'files' },
    variables: ['KONTROL_PRIVATEKEYFILE'],
    accept: PATH,
    default: undefined,
    defaultText: 'created at the first start',
    commands,
  },
  tlscertfile: {
    name: 'kontrol start -tlscertfile',
    summary: 'PEM file with the TLS certificate.',
    flag: { name: 'tlscertfile', helpValue: 'PATH', completion: 'files' },
    variables: ['KONTROL_TLSCERTFILE'],
    accept: PATH,
    default: undefined,
    commands,
  },
  tlskeyfile: {
    name: 'kontrol start -tlskeyfile',
    summary: 'PEM file with the private key of the TLS certificate.',
    flag: { name: 'tlskeyfile', helpValue: 'PATH', completion: 'files' },
    variables: ['KONTROL_TLSKEYFILE'],
    accept: PATH,
    default: undefined,
    commands,
  },
  'allow-origin': {
    name: 'kontrol start -allow-origin',
    summary:
      'Origins of web pages that may connect, separated by commas; * for any. Loopback and its own are always allowed.',
    flag: { name: 'allow-origin', helpValue: 'ORIGINS' },
    variables: ['KONTROL_ALLOW_ORIGIN', ...commonSettings.allowedOrigins.variables],
    accept: ORIGINS,
    default: undefined,
    commands,
  },
  'allow-host': {
    name: 'kontrol start -allow-host',
    summary:
      'Host names to accept, separated by commas, in addition to --kontrolurl; * behind a proxy that checks them.',
    flag: { name: 'allow-host', helpValue: 'NAMES' },
    variables: ['KONTROL_ALLOW_HOST', ...commonSettings.allowedHosts.variables],
    accept: HOSTS,
    default: undefined,
    defaultText: 'loopback names on a loopback address, any name otherwise',
    commands,
  },
  'trusted-proxy': {
    ...commonSettings.trustedProxies,
    name: 'kontrol start -trusted-proxy',
    summary:
      'Addresses or networks of proxies in front of this server, separated by commas, whose X-Forwarded-For or Forwarded names the caller.',
    variables: ['KONTROL_TRUSTED_PROXIES', ...commonSettings.trustedProxies.variables],
    commands,
  },
  'lame-duck': commonSettings.lameDuck,
  'audit-log': {
    name: 'kontrol start -audit-log',
    summary: 'File for the audit log, one line of JSON for each entry; - for standard output.',
    flag: { name: 'audit-log', helpValue: 'FILE|-', completion: 'files' },
    variables: ['KONTROL_AUDIT_LOG'],
    accept: PATH,
    default: undefined,
    defaultText: 'no audit log',
    commands,
  },
  policy: {
    name: 'kontrol start -policy',
    summary: 'Authorization policy: own, open (no restrictions, as in the Go implementation), or a file.',
    flag: { name: 'policy', helpValue: 'own|open|FILE', completion: 'files' },
    variables: ['KONTROL_POLICY'],
    accept: POLICY,
    default: { type: 'own' },
    defaultText: 'own',
    commands,
  },
  registration: {
    name: 'kontrol start -registration',
    summary: 'Who can get a kite key: users with an invite, or anyone (open).',
    flag: { name: 'registration' },
    variables: ['KONTROL_REGISTRATION'],
    accept: oneOf('invite', 'open'),
    default: 'invite',
    commands,
  },
  force: {
    name: 'kontrol start -force',
    summary: 'Allow --registration open on other than loopback addresses; let --initial replace a kite key.',
    flag: { name: 'force', kind: 'switch' },
    variables: [],
    accept: SWITCH,
    default: false,
    commands,
  },
  webrtc: {
    name: 'kontrol start -webrtc',
    summary: 'Relay WebRTC signaling between kites.',
    flag: { name: 'webrtc', kind: 'switch' },
    variables: ['KONTROL_WEBRTC'],
    accept: SWITCH,
    default: false,
    commands,
  },
  ui: {
    name: 'kontrol start -ui',
    summary: 'Serve a web page with the kites at /.',
    flag: {
      name: 'ui',
      kind: 'switch',
      description: 'Users sign in with a kite key, or with the link that "kitectl kontrol ui" prints.',
    },
    variables: ['KONTROL_UI'],
    accept: SWITCH,
    default: undefined,
    defaultText: 'on if it listens on a loopback address',
    commands,
  },
  'key-store': {
    name: 'kontrol start -key-store',
    summary: "Where to store Kontrol's kite key: in a file, or in the keychain of your desktop.",
    flag: { name: 'key-store' },
    variables: ['KONTROL_KEY_STORE'],
    accept: KEY_STORE,
    default: undefined,
    defaultText: 'the current location, or file',
    commands,
  },
  limit: limitSettings.kontrolStart,
  ...storageSettings,
} as const satisfies Readonly<Record<string, CliSetting>>;
