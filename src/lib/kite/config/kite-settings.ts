import {
  constantWhenSet,
  DURATION,
  FORWARD_PROXY,
  HOSTS,
  IP,
  KITE_URLS,
  LOG_LEVEL,
  NAME,
  NETWORKS,
  ORIGINS,
  PORT,
  PROXY_EXCEPTIONS,
  SIGNED_DURATION,
  SWITCH,
  TRANSPORT,
  VERSION,
} from './accepted-values.js';
import type { AcceptedValue } from './accepted-value.js';
import type { Setting } from './resolve-setting.js';

/** The location of a kite key: the environment variable itself, or a file. */
export type KiteKeyLocation =
  | { readonly type: 'variable' }
  | { readonly type: 'file'; readonly file: string };

const FOLDER: AcceptedValue<string> = {
  description: 'the path of a folder',
  example: '/home/bob/.kite',
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

const KEY_FILE: AcceptedValue<KiteKeyLocation> = {
  description: 'the path of a file with a kite key',
  example: '/home/bob/.kite/prod.key',
  parse: (value) => (typeof value === 'string' ? { type: 'file', file: value } : undefined),
};

const KEY_VALUE: AcceptedValue<KiteKeyLocation> = {
  description: 'a kite key',
  example: 'eyJ…',
  parse: () => ({ type: 'variable' }),
};

const FALSE_WHEN_SET = constantWhenSet(false);

/**
 * The settings of every kite. The command line adds flags, contexts and further settings. `resolveConfig` and
 * `docs/configuration.md` use this table.
 */
export const kiteSettings = {
  kiteHome: {
    name: 'kite home',
    summary: 'Folder with the kite key, contexts and installed kites.',
    variables: ['KITE_HOME'],
    accept: FOLDER,
    default: undefined,
    defaultText: '~/.kite',
  },
  kiteKey: {
    name: 'kite key',
    summary: 'The kite key, or the file that contains it. The option `false` means none.',
    option: 'kiteKey',
    variables: [{ name: 'KITE_KEY', accept: KEY_VALUE, secret: true }, 'KITE_KEY_FILE'],
    accept: KEY_FILE,
    default: undefined,
    defaultText: 'kite.key in the kite home',
  },
  username: {
    name: 'username',
    summary: 'The user that the kite belongs to.',
    option: 'username',
    variables: ['KITE_USERNAME'],
    kiteKey: 'username',
    accept: NAME,
    default: 'unknown',
  },
  environment: {
    name: 'environment',
    summary: "The kite's environment, such as prod.",
    option: 'environment',
    variables: ['KITE_ENVIRONMENT'],
    accept: NAME,
    default: 'unknown',
  },
  region: {
    name: 'region',
    summary: "The kite's region.",
    option: 'region',
    variables: ['KITE_REGION'],
    accept: NAME,
    default: 'unknown',
  },
  version: {
    name: 'version',
    summary: "The kite's version, instead of the second argument of `new Kite`.",
    option: 'version',
    variables: ['KITE_VERSION'],
    accept: VERSION,
    default: undefined,
    defaultText: 'that of the program',
  },
  ip: {
    name: 'ip',
    summary: 'Address to listen on; 0.0.0.0 or :: for all.',
    option: 'ip',
    variables: ['KITE_IP'],
    accept: IP,
    default: '127.0.0.1',
  },
  port: {
    name: 'port',
    summary: 'Port to listen on; 0 means any free port.',
    option: 'port',
    variables: ['KITE_PORT'],
    accept: PORT,
    default: 0,
  },
  kontrol: {
    name: 'kontrol',
    summary: 'URL of Kontrol; several separated by commas, in order of preference.',
    option: 'kontrolUrl',
    variables: ['KITE_KONTROL_URL'],
    kiteKey: 'kontrolUrl',
    accept: KITE_URLS,
    default: [],
    defaultText: 'none',
  },
  proxy: {
    name: 'proxy',
    summary: 'URL of the proxy to register with; of several separated by commas, one is chosen at random.',
    option: 'proxyUrl',
    variables: ['KITE_PROXY_URL'],
    accept: KITE_URLS,
    default: [],
    defaultText: 'a proxy that Kontrol finds',
  },
  httpsProxy: {
    name: 'https proxy',
    summary: 'Proxy through which connections to https and wss URLs leave the network.',
    variables: ['https_proxy', 'HTTPS_PROXY'],
    accept: FORWARD_PROXY,
    default: undefined,
    defaultText: 'none',
  },
  httpProxy: {
    name: 'http proxy',
    summary: 'Proxy through which connections to http and ws URLs leave the network.',
    variables: ['http_proxy', 'HTTP_PROXY'],
    accept: FORWARD_PROXY,
    default: undefined,
    defaultText: 'none',
  },
  allProxy: {
    name: 'all proxy',
    summary: 'Proxy of connections to URLs for which neither HTTPS_PROXY nor HTTP_PROXY applies.',
    variables: ['all_proxy', 'ALL_PROXY'],
    accept: FORWARD_PROXY,
    default: undefined,
    defaultText: 'none',
  },
  noProxy: {
    name: 'no proxy',
    summary:
      'Hosts to connect to directly, separated by commas: names, which include their subdomains, .example.com for subdomains only, IP addresses, networks; each may have a port. * means all. Loopback hosts, 0.0.0.0 and :: always belong to them.',
    variables: ['no_proxy', 'NO_PROXY'],
    accept: PROXY_EXCEPTIONS,
    default: undefined,
    defaultText: 'none',
  },
  transport: {
    name: 'transport',
    summary: 'How to connect: auto is WebSocket, or XHR polling if WebSocket fails.',
    option: 'transport',
    variables: ['KITE_TRANSPORT'],
    accept: TRANSPORT,
    default: 'auto',
  },
  timeout: {
    name: 'timeout',
    summary: 'How long to wait for the response to a call; 0 means no limit.',
    option: 'timeout',
    variables: ['KITE_TIMEOUT'],
    accept: DURATION,
    default: 15_000,
    defaultText: '15s',
  },
  handshakeTimeout: {
    name: 'handshake timeout',
    summary: 'How long to wait for a connection; 0 means no limit.',
    option: 'handshakeTimeout',
    variables: ['KITE_HANDSHAKE_TIMEOUT'],
    accept: DURATION,
    default: 10_000,
    defaultText: '10s',
  },
  verifyTtl: {
    name: 'verify ttl',
    summary: 'How long verified credentials are cached; 0 disables the cache.',
    option: 'verifyTtl',
    variables: ['KITE_VERIFY_TTL'],
    accept: SIGNED_DURATION,
    default: 300_000,
    defaultText: '5m',
  },
  allowedOrigins: {
    name: 'allowed origins',
    summary:
      "Origins of pages that may connect, separated by commas, besides the kite's own and loopback; * for any.",
    option: 'allowOrigin',
    variables: ['KITE_ALLOW_ORIGIN'],
    accept: ORIGINS,
    default: [],
    defaultText: 'none',
  },
  allowedHosts: {
    name: 'allowed hosts',
    summary: 'Host names that callers may use for the kite, separated by commas; * for any.',
    option: 'allowedHosts',
    variables: ['KITE_ALLOWED_HOSTS'],
    accept: HOSTS,
    default: undefined,
    defaultText: 'loopback names if it listens on loopback, else any',
  },
  trustedProxies: {
    name: 'trusted proxies',
    summary:
      'Addresses or networks of proxies in front of this server, separated by commas, whose X-Forwarded-For or Forwarded names the caller.',
    option: 'trustedProxies',
    variables: ['KITE_TRUSTED_PROXIES'],
    accept: NETWORKS,
    default: [],
    defaultText: 'none',
  },
  logLevel: {
    name: 'log level',
    summary: 'The minimum level of log lines.',
    option: 'logLevel',
    variables: ['KITE_LOG_LEVEL'],
    accept: LOG_LEVEL,
    default: 'info',
  },
  logColor: {
    name: 'log color',
    summary: 'Whether log lines have colors on a terminal. Any value of the variables disables them.',
    option: 'logColor',
    variables: [
      { name: 'KITE_LOG_NOCOLOR', accept: FALSE_WHEN_SET },
      { name: 'NO_COLOR', accept: FALSE_WHEN_SET },
    ],
    accept: SWITCH,
    default: true,
  },
} as const satisfies Readonly<Record<string, Setting>>;
