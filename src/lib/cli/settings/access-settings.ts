import { SWITCH } from '../../kite/config/accepted-values.js';
import type { CliSetting } from './cli-setting.js';
import { CONNECTION_COMMANDS, KONTROL_COMMANDS } from './command-groups.js';
import { HEADERS, PATH } from './command-values.js';

/** The commands that open connections: to kites, Kontrol or proxies. */
const commands = [
  ...CONNECTION_COMMANDS,
  ...KONTROL_COMMANDS,
  'config explain',
  'expose',
  'register',
  'serve',
] as const;
const withProxy = [...commands, 'proxy start'] as const;
const helpGroup = 'TLS AND HEADERS';

/** The settings of all connections that a command opens, by flag. */
export const accessSettings = {
  ca: {
    name: 'ca',
    summary:
      'PEM file with certificate authorities to trust, besides those of Node.js and NODE_EXTRA_CA_CERTS.',
    flag: { name: 'ca', helpValue: 'PATH', helpGroup, completion: 'files' },
    variables: ['KITE_CA_FILE'],
    context: 'ca',
    accept: PATH,
    default: undefined,
    commands: withProxy,
  },
  cert: {
    name: 'client certificate',
    summary: 'PEM file with your certificate, for servers that require one.',
    flag: { name: 'cert', helpValue: 'PATH', helpGroup, aliases: ['client-cert'], completion: 'files' },
    variables: ['KITE_CLIENT_CERT_FILE'],
    context: 'clientCert',
    accept: PATH,
    default: undefined,
    commands,
  },
  key: {
    name: 'client key',
    summary: 'PEM file with the private key of your certificate. Your kite key is --key-file.',
    flag: { name: 'key', helpValue: 'PATH', helpGroup, aliases: ['client-key'], completion: 'files' },
    variables: ['KITE_CLIENT_KEY_FILE'],
    context: 'clientKey',
    accept: PATH,
    default: undefined,
    commands,
  },
  header: {
    name: 'headers',
    summary: 'Header to send to all servers that the command connects to. Repeatable.',
    flag: {
      name: 'header',
      kind: 'list',
      description:
        'Other users can see the command line: read secrets from a file, one header per line, with @FILE, or set the variable. ' +
        'Headers are not sent on to where a server redirects.',
      helpValue: 'NAME:VALUE|@FILE',
      helpGroup,
    },
    variables: ['KITE_HEADERS'],
    context: 'headers',
    secret: true,
    accept: HEADERS,
    default: [],
    defaultText: 'none',
    commands: withProxy,
  },
  insecure: {
    name: 'insecure',
    summary:
      'Accept any certificate, for this command. What is sent, such as your kite key, can then be read by others.',
    flag: { name: 'insecure', kind: 'switch', helpGroup },
    variables: [],
    accept: SWITCH,
    default: false,
    commands: withProxy,
  },
} as const satisfies Readonly<Record<string, CliSetting>>;

/** The client certificate of `proxy start`, where `-cert` and `-key` are the certificate of the server, as in Go. */
export const clientCertificateSettings = {
  'client-cert': {
    ...accessSettings.cert,
    flag: renamed('cert', 'client-cert'),
    commands: ['proxy start'],
  },
  'client-key': { ...accessSettings.key, flag: renamed('key', 'client-key'), commands: ['proxy start'] },
} as const satisfies Readonly<Record<string, CliSetting>>;

function renamed<const Name extends string>(from: 'cert' | 'key', name: Name) {
  const { aliases: _aliases, ...flag } = accessSettings[from].flag;
  return { ...flag, name };
}
