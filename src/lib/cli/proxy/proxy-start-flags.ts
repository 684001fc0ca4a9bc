import { boolean, string } from '@oclif/core/flags';
import { kontrolFlag } from '../target/connection-flags.js';
import { contextFlag } from '../target/context-flags.js';

/** The flags of `proxy start`. Their other names are those of the Go programs `reverseproxy` and `tunnelproxy`. */
export const proxyStartFlags = {
  tunnel: boolean({
    default: false,
    summary: 'Run a tunnel proxy: for kites that nobody can reach, since it is they who connect.',
  }),
  'public-host': string({
    summary: 'Host under which others reach the proxy, with a port or without. Default: where it listens.',
    description:
      'Where something in front of the proxy ends TLS, with the scheme of that: https://proxy.example.com.',
    helpValue: 'HOST',
    aliases: ['publicHost'],
  }),
  'public-port': string({
    summary: 'Port under which others reach the proxy. Default: what --public-host says, else --port.',
    helpValue: 'N',
    aliases: ['publicPort'],
  }),
  ip: string({
    summary: 'Address to listen on. Default: all of them where --public-host is for others, else 127.0.0.1.',
    helpValue: 'IP',
  }),
  port: string({ summary: 'Port to listen on. Default: 3999.', helpValue: 'N' }),
  'tls-cert': string({
    summary: 'PEM file with the certificate to serve TLS with. Read again when it changes.',
    helpValue: 'PATH',
    aliases: ['cert'],
  }),
  'tls-key': string({
    summary: 'PEM file with the private key of the certificate.',
    helpValue: 'PATH',
    aliases: ['key'],
  }),
  environment: string({
    summary: 'Whose kites find it: those of this environment. Default: $KITE_ENVIRONMENT, or all.',
    helpValue: 'NAME',
    aliases: ['env'],
  }),
  region: string({ summary: 'Its region. Default: $KITE_REGION.', helpValue: 'NAME' }),
  version: string({ summary: 'Its version as a kite. Default: that of kitectl.', helpValue: 'X.Y.Z' }),
  kontrol: kontrolFlag,
  'key-file': string({
    summary: 'File with the kite key. Default: that of a Kontrol on this machine, else yours.',
    helpValue: 'PATH',
  }),
  context: contextFlag,
  'allow-target': string({
    summary:
      'An address, a network such as 10.1.0.0/16, or a host that kites may have requests forwarded to. Repeatable.',
    description: 'Without it, a kite may name the address that it connects from.',
    helpValue: 'CIDR|HOST',
    multiple: true,
    helpGroup: 'FORWARDING',
  }),
  'local-kites': boolean({
    summary: 'Let kites on this machine name its own addresses. Default: where --public-host is loopback.',
    allowNo: true,
    helpGroup: 'FORWARDING',
  }),
  'kite-ca': string({
    summary: 'PEM file with certificate authorities to trust for kites with TLS, beside the system’s.',
    helpValue: 'PATH',
    helpGroup: 'FORWARDING',
  }),
  'insecure-kites': boolean({
    default: false,
    summary: 'Take any certificate of kites with TLS.',
    helpGroup: 'FORWARDING',
  }),
  'allow-origin': string({
    summary: 'With --tunnel: an origin of pages that may call, such as https://app.example.com. Repeatable.',
    description:
      'Pages of the proxy itself and of loopback may. Kites behind a reverse proxy decide themselves.',
    helpValue: 'ORIGIN',
    multiple: true,
  }),
  'public-key': string({
    summary: 'Taken with --tunnel, as the Go program does, and not needed.',
    helpValue: 'PATH',
    hidden: true,
  }),
  'private-key': string({
    summary: 'Taken with --tunnel, as the Go program does, and not needed.',
    helpValue: 'PATH',
    hidden: true,
  }),
};

/** What oclif makes of `proxyStartFlags`. */
export type ParsedProxyFlags = {
  readonly [Name in Exclude<keyof typeof proxyStartFlags, OtherName>]?: string | undefined;
} & {
  readonly tunnel: boolean;
  readonly 'allow-target'?: readonly string[] | undefined;
  readonly 'allow-origin'?: readonly string[] | undefined;
  readonly 'local-kites'?: boolean | undefined;
  readonly 'insecure-kites': boolean;
};

type OtherName = 'tunnel' | 'allow-target' | 'allow-origin' | 'local-kites' | 'insecure-kites';
