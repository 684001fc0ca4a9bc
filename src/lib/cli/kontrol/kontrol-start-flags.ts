import { boolean, string } from '@oclif/core/flags';

/** Where the store is: for everything that opens it. */
export const storageFlags = {
  storage: string({
    summary: 'Where registrations and keys are kept: file (the default), memory, postgres or etcd.',
    helpValue: 'KIND',
    helpGroup: 'STORAGE',
  }),
  data: string({
    summary: 'Folder of --storage file. Default: kontrol/data in $KITE_HOME or ~/.kite.',
    helpValue: 'DIR',
    helpGroup: 'STORAGE',
  }),
  machines: string({
    summary: 'Members of the etcd cluster, with commas. Default: http://127.0.0.1:2379.',
    description: '$KONTROL_ETCD_USERNAME and $KONTROL_ETCD_PASSWORD say who Kontrol is there.',
    helpValue: 'URLS',
    helpGroup: 'STORAGE',
  }),
  'etcd-ca': string({
    summary: "PEM file with the authority that signed etcd's certificates. Default: those of Node.",
    helpValue: 'PATH',
    helpGroup: 'STORAGE',
  }),
  'etcd-cert': string({
    summary: "PEM file with Kontrol's certificate for etcd, where its members ask for one.",
    helpValue: 'PATH',
    helpGroup: 'STORAGE',
  }),
  'etcd-key': string({
    summary: 'PEM file with the private key of that certificate.',
    helpValue: 'PATH',
    helpGroup: 'STORAGE',
  }),
  'postgres-host': string({
    summary: 'Host of PostgreSQL, or the folder of its socket. Default: 127.0.0.1.',
    helpValue: 'HOST',
    helpGroup: 'STORAGE',
  }),
  'postgres-port': string({
    summary: 'Port of PostgreSQL. Default: 5432.',
    helpValue: 'N',
    helpGroup: 'STORAGE',
  }),
  'postgres-username': string({ summary: 'Role to log in as.', helpValue: 'NAME', helpGroup: 'STORAGE' }),
  'postgres-password': string({
    summary: 'Its password. Better given as $KONTROL_POSTGRES_PASSWORD: others can see the command line.',
    helpValue: 'TEXT',
    helpGroup: 'STORAGE',
  }),
  'postgres-passwordfile': string({
    summary: 'File with its password in the first line.',
    helpValue: 'PATH',
    helpGroup: 'STORAGE',
  }),
  'postgres-dbname': string({ summary: 'Name of the database.', helpValue: 'NAME', helpGroup: 'STORAGE' }),
  'postgres-connecttimeout': string({
    summary: 'Seconds that a connection may take. Default: 20.',
    helpValue: 'N',
    helpGroup: 'STORAGE',
  }),
  'postgres-tls': boolean({
    allowNo: true,
    summary: "Encrypt, and check the server's certificate. Default: where PostgreSQL is elsewhere.",
    helpGroup: 'STORAGE',
  }),
  'postgres-ca': string({
    summary: "PEM file with the authority that signed PostgreSQL's certificate. Default: those of Node.",
    helpValue: 'PATH',
    helpGroup: 'STORAGE',
  }),
};

/**
 * The flags of `kontrol start`, under the names that the Go `kontrol` has where it has them. Each but `force` can be given
 * as a variable of the environment too: `--postgres-host` is `KONTROL_POSTGRES_HOST`.
 */
export const startFlags = {
  initial: boolean({
    default: false,
    summary:
      "Make Kontrol's own kite key in $KITE_HOME or ~/.kite, and the key files if they are not there, and end.",
  }),
  ip: string({ summary: 'Address to listen on. Default: 127.0.0.1.', helpValue: 'IP' }),
  port: string({ summary: 'Port to listen on. Default: 4000.', helpValue: 'N' }),
  kontrolurl: string({
    summary:
      'URL under which kites reach this Kontrol; it goes into kite keys. Default: from --ip and --port.',
    helpValue: 'URL',
  }),
  registerurl: string({
    summary: 'URL under which Kontrol registers itself. Default: --kontrolurl.',
    helpValue: 'URL',
  }),
  username: string({ summary: "Kontrol's user. Default: kontrol.", helpValue: 'NAME' }),
  environment: string({ summary: "Kontrol's environment. Default: $KITE_ENVIRONMENT.", helpValue: 'NAME' }),
  region: string({ summary: "Kontrol's region. Default: $KITE_REGION.", helpValue: 'NAME' }),
  version: string({ summary: "Kontrol's version as a kite. Default: that of kitectl.", helpValue: 'X.Y.Z' }),
  publickeyfile: string({
    summary: 'PEM file with the public key to sign with. Default: made at the first start.',
    helpValue: 'PATH',
  }),
  privatekeyfile: string({ summary: 'PEM file with the private key to sign with.', helpValue: 'PATH' }),
  tlscertfile: string({ summary: 'PEM file with the certificate to serve TLS with.', helpValue: 'PATH' }),
  tlskeyfile: string({ summary: 'PEM file with the private key of the certificate.', helpValue: 'PATH' }),
  'allow-origin': string({
    summary:
      'Origins of pages that may use this Kontrol, with commas, beside its own and those of this machine; * for any.',
    helpValue: 'ORIGINS',
  }),
  'allow-host': string({
    summary:
      'Host names by which it may be called, with commas, beside that of --kontrolurl; * behind a proxy that checks.',
    helpValue: 'NAMES',
  }),
  policy: string({
    summary: 'Who may do what: default, open (everybody everything, as in the reference), or a policy file.',
    helpValue: 'default|open|FILE',
  }),
  registration: string({
    summary: 'Who gets a kite key: those with an invite (the default), or everybody: open.',
    helpValue: 'invite|open',
  }),
  force: boolean({
    default: false,
    summary: 'Let --registration open listen beyond this machine; let -initial replace a kite key.',
  }),
  webrtc: boolean({ default: false, summary: 'Pass on the signalling of WebRTC between kites.' }),
  ui: boolean({
    allowNo: true,
    summary: 'Show a page with the kites at /. Default: where only this machine can connect.',
    description: 'People sign in there with a kite key, or with the link that "kitectl kontrol ui" prints.',
  }),
  'key-store': string({
    summary:
      "Where to keep Kontrol's own kite key: file, or keychain, with the passwords of your desktop. Default: file.",
    helpValue: 'file|keychain',
  }),
  ...storageFlags,
};

/** What oclif makes of `startFlags`. */
export type ParsedStartFlags = {
  readonly [Name in Exclude<keyof typeof startFlags, SwitchName | ChoiceName>]?: string | undefined;
} & { readonly [Name in SwitchName]: boolean } & { readonly [Name in ChoiceName]?: boolean | undefined };

type SwitchName = 'initial' | 'force' | 'webrtc';

/** Switches whose default depends. */
type ChoiceName = 'ui' | 'postgres-tls';

/** What oclif makes of `storageFlags`. */
export type ParsedStorageFlags = Pick<ParsedStartFlags, keyof typeof storageFlags>;
