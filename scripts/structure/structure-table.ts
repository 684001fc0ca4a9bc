/** A folder of `src`, which folders its files may import, and which of its files others may import. */
export interface Folder {
  /** Path relative to the folder that lists it. `.` is the files that are not in one of the listed folders. */
  readonly name: string;
  /** Description of the content. */
  readonly about: string;
  /** Folders of the same list, below this one, that its files may import. Default: all folders below. */
  readonly imports?: readonly string[];
  /** Folders of the same list with the same value do not import each other. */
  readonly siblings?: string;
  /** Files that other folders of the same list may import, without `.ts`. Default: none. */
  readonly entries?: readonly string[];
  /** Files that folders of other lists may import as well. Default: none. */
  readonly exports?: readonly string[];
  /** Subfolders from top to bottom. Default: all files are in the folder itself. */
  readonly folders?: readonly Folder[];
  /** Whether files may be in subfolders that are not listed. Default: false. */
  readonly nested?: boolean;
}

/** A group of commands, which does not import other groups. */
function commands(name: string, about: string, exports: readonly string[]): Folder {
  return { name, about, siblings: 'commands', exports };
}

const cli: readonly Folder[] = [
  commands('bench', 'bench', ['bench', 'bench-options']),
  commands('completion', 'completion', ['print-candidates', 'scripts']),
  commands('config', 'config explain', ['explain']),
  commands('context', 'the group context', ['manage-contexts']),
  commands('doctor', 'doctor', ['doctor']),
  commands('expose', 'expose', ['expose', 'expose-flags']),
  commands('kites', 'install, uninstall, run and list', ['kite-commands']),
  commands('kontrol', 'the group kontrol', [
    'invite',
    'kontrol-keys',
    'kontrol-server',
    'kontrol-start-flags',
    'kontrol-start-options',
    'kontrol-status',
    'kontrol-users',
    'ui-link',
  ]),
  commands('proxy', 'the group proxy', [
    'proxy-server',
    'proxy-start-flags',
    'proxy-start-options',
    'proxy-status',
  ]),
  commands('query', 'query, watch and token', ['query-kites', 'token']),
  commands('register', 'register', ['register', 'register-target']),
  commands('serve', 'serve', ['serve', 'serve-flags', 'serve-options']),
  commands('shell', 'shell', ['shell']),
  commands('top', 'top', ['top']),
  {
    name: 'keys',
    about: 'keygen, showkey and the group keys; storing a kite key',
    siblings: 'shared',
    entries: ['all-keys', 'store-key'],
    exports: ['keygen', 'list-keys', 'move-key', 'remove-key', 'show-active-key', 'show-key'],
  },
  {
    name: 'call',
    about: 'call, tell and ping; reading arguments and printing results',
    siblings: 'shared',
    entries: ['call-result'],
    exports: ['arguments', 'call', 'call-flags', 'ping'],
  },
  { name: 'describe', about: 'describe', siblings: 'shared', exports: ['describe'] },
  {
    name: 'target',
    about: 'the kite, the Kontrol and the kite key that a command uses, and connections to them',
    entries: [
      'choose-key',
      'dial-first',
      'discovery',
      'find-key',
      'keychain',
      'kontrol-own-key',
      'loopback-target',
      'query-path',
      'read-pem',
      'save-renewed-key',
      'tls-files',
      'with-connection',
      'with-kontrol',
    ],
    exports: ['connection-flags', 'key-flags', 'kontrol-flags', 'target'],
  },
  {
    name: 'settings',
    about: 'the table of settings, contexts, and the resolution of values',
    entries: [
      'all-settings',
      'cli-setting',
      'expose-settings',
      'key-location',
      'kontrol-start-settings',
      'proxy-start-settings',
      'serve-settings',
      'storage-settings',
    ],
    exports: [
      'child-environment',
      'command-settings',
      'command-values',
      'common-settings',
      'connection-settings',
      'context-settings',
      'contexts',
      'flag-kinds',
      'register-settings',
      'setting-flags',
    ],
  },
  {
    name: 'frame',
    about: 'the lifecycle of a command: parsing, running, reporting failures',
    entries: ['argv', 'failures', 'read-lines', 'report-failure', 'server-lifecycle'],
    exports: ['base-command', 'fast-path', 'load-commands', 'main', 'through-oclif', 'yes-flag'],
  },
  {
    name: 'terminal',
    about: 'tables, colours, prompts and spinners',
    entries: [
      'colors',
      'details',
      'document',
      'feed',
      'listing',
      'progress-line',
      'prompt',
      'spinner',
      'tables',
      'time',
    ],
    exports: ['output-format'],
  },
  {
    name: 'runtime',
    about: 'streams, environment and signals of the process; CliError; exit codes',
    entries: [
      'cli-error',
      'color-setting',
      'command-limits',
      'exit-codes',
      'import-module',
      'json',
      'last-line',
      'path-exists',
      'process-runtime',
      'start-child',
      'suggest',
    ],
    exports: ['command-runtime'],
  },
];

const kontrol: readonly Folder[] = [
  {
    name: '.',
    about: 'Kontrol, its options and its methods',
    exports: ['kontrol', 'kontrol-options'],
  },
  {
    name: 'http',
    about: 'the HTTP API, metrics and the files of the page',
    siblings: 'uses',
    entries: ['http-api', 'kontrol-metrics', 'ui-files'],
  },
  {
    name: 'admin',
    about: 'invites, registration of machines, sign-in and the status',
    siblings: 'uses',
    entries: ['sign-in', 'sign-in-codes'],
    exports: ['administration', 'audit-log', 'invites', 'machine-registration', 'users'],
  },
  {
    name: 'signalling',
    about: 'messages that pages exchange to connect over WebRTC',
    siblings: 'uses',
    entries: ['signalling'],
  },
  {
    name: 'registry',
    about: 'registering, leases, queries and watches',
    entries: [
      'fair-turns',
      'queries',
      'registrar',
      'registration-record',
      'registry',
      'registry-entry',
      'store-sync',
      'waiting-call',
      'watchers',
    ],
    exports: ['lease-timings'],
  },
  {
    name: 'tokens',
    about: 'key pairs, tokens, revocation and verification of credentials',
    entries: ['credential-uses', 'credentials', 'revocations', 'token-issuer'],
    exports: ['key-ring'],
  },
  { name: 'policy', about: 'authorization', exports: ['policy', 'policy-file'] },
  {
    name: 'storage',
    about: 'the stores',
    folders: [
      { name: '.', about: 'opening a store by its configuration', exports: ['open-storage'] },
      {
        name: 'etcd',
        about: 'the store in etcd',
        siblings: 'stores',
        entries: ['etcd-config', 'etcd-storage'],
      },
      { name: 'file', about: 'the store in a folder', siblings: 'stores', entries: ['file-storage'] },
      { name: 'memory', about: 'the store in memory', siblings: 'stores', exports: ['memory-storage'] },
      {
        name: 'postgres',
        about: 'the store in PostgreSQL',
        siblings: 'stores',
        entries: ['postgres-config', 'postgres-storage'],
      },
      {
        name: 'shared',
        about: 'the interface of a store, and helpers of several stores',
        entries: ['change-listeners', 'entries', 'sealed-key-pairs', 'storage-deadline', 'write-batch'],
        exports: ['storage'],
      },
    ],
  },
  { name: 'limits', about: 'the limits of Kontrol', exports: ['kontrol-limits'] },
];

const proxy: readonly Folder[] = [
  {
    name: 'reverse',
    about: 'the reverse proxy',
    siblings: 'proxies',
    exports: ['reverse-proxy'],
  },
  { name: 'tunnel', about: 'the tunnel proxy', siblings: 'proxies', exports: ['tunnel-proxy'] },
  {
    name: 'shared',
    about: 'the kite of a proxy, its table of kites, its options and metrics',
    entries: ['proxy-table'],
    exports: ['certificate-reload', 'proxy-kite', 'proxy-options'],
  },
  { name: 'limits', about: 'the limits of the proxies', exports: ['proxy-limits'] },
];

const kite: readonly Folder[] = [
  {
    name: '.',
    about: 'Kite in Node, composed of the parts below',
    exports: ['kite', 'kite-options', 'server-kite'],
  },
  {
    name: 'page',
    about: 'Kite in a page, composed of the same parts',
    exports: ['kontrol-peer', 'page-kite', 'page-kite-options', 'webrtc-kite'],
  },
  {
    name: 'proxied',
    about: 'registering with a proxy, and tunnels',
    entries: ['tunnels'],
    exports: ['proxy-link', 'proxy-member', 'proxy-registration'],
  },
  {
    name: 'kontrol',
    about: 'the client of Kontrol: registering, finding kites, tokens',
    entries: ['apply-fresh-key', 'kontrol-registrant'],
    exports: [
      'kite-watch',
      'kontrol-client',
      'kontrol-link',
      'kontrol-member',
      'kontrol-responses',
      'linked-kontrol-client',
      'registration',
      'remote-kite',
    ],
  },
  {
    name: 'core',
    about: 'the part of a kite that Node and pages share',
    exports: ['kite-core'],
  },
  {
    name: 'serve',
    about: 'the HTTP server, the gate for calls, methods and requests',
    entries: ['default-methods', 'dispatcher', 'kite-server', 'run-until-signal'],
    exports: [
      'administrator',
      'argument-schema',
      'heartbeat-method',
      'http-listener',
      'http-routes',
      'method',
      'method-host',
      'request',
      'system-methods',
    ],
  },
  { name: 'trust', about: 'authentication of callers', entries: ['kontrol-trust', 'verifier'] },
  {
    name: 'config',
    about: 'options, KITE_* variables and the kite key',
    entries: ['kite-config', 'outbound-address'],
    exports: [
      'accepted-value',
      'accepted-values',
      'find-kite-key',
      'kite-config',
      'kite-home',
      'kite-settings',
      'resolve-setting',
    ],
  },
  {
    name: 'call',
    about: 'connections, clients and pending calls',
    entries: ['envelope', 'envelope-cache', 'when-idle'],
    exports: [
      'call-errors',
      'client',
      'connection',
      'connection-credential',
      'connection-options',
      'encoded-result',
      'method-types',
      'peer',
      'token-renewal',
    ],
  },
  {
    name: 'limits',
    about: 'the limits of a kite, including those of the layers below',
    exports: ['compose-limits', 'kite-limits'],
  },
];

const transport: readonly Folder[] = [
  { name: 'relay', about: 'relaying between two channels', exports: ['relay'] },
  {
    name: 'server',
    about: 'the SockJS server',
    exports: ['iframe-page', 'origin-policy', 'refuse-upgrade', 'respond', 'sockjs-server'],
  },
  {
    name: 'webrtc',
    about: 'sessions between two pages',
    siblings: 'platforms',
    exports: ['rtc-platform', 'signals', 'webrtc-peers'],
  },
  {
    name: 'page',
    about: 'dialling from a page',
    siblings: 'platforms',
    exports: ['dial-in-page', 'page-platform'],
  },
  {
    name: 'dial',
    about: 'dialling from Node, and the fallback from WebSocket to XHR polling',
    entries: ['dial-with-fallback'],
    exports: ['dial'],
  },
  { name: 'xhr', about: 'XHR polling', siblings: 'transports', entries: ['dial-xhr', 'node-post', 'post'] },
  {
    name: 'websocket',
    about: 'WebSocket, with and without SockJS frames',
    siblings: 'transports',
    entries: ['dial-websocket', 'framed-channel', 'raw-channel'],
  },
  {
    name: 'handshake',
    about: 'what all transports share to dial: options, deadline, errors, URLs',
    entries: ['dial-options', 'handshake', 'session-url', 'socket-error', 'url-credentials'],
    exports: ['dial-error', 'node-dial-options', 'transport-names'],
  },
  {
    name: 'sockjs',
    about: 'SockJS frames',
    entries: [
      'client-channel',
      'client-heartbeat',
      'frame-batch',
      'frame-limit',
      'frame-queue',
      'frames',
      'split-frame',
    ],
    exports: ['quoting'],
  },
  {
    name: 'channel',
    about: 'the interface of a connection that carries whole messages',
    entries: ['base-channel', 'channel-owner', 'memory-budget'],
    exports: ['channel', 'close-code', 'expected-prefixes', 'outgoing-message', 'remote-address'],
  },
  { name: 'limits', about: 'the limits of connections', exports: ['transport-limits'] },
];

/** The folders of `src`, from top to bottom. */
export const structure: readonly Folder[] = [
  { name: '.', about: 'the program kitectl', imports: ['commands', 'lib/cli'] },
  { name: 'commands', about: 'one file per command', imports: ['lib/cli'], nested: true },
  {
    name: 'ui',
    about: 'the page of Kontrol',
    imports: ['lib/kite', 'lib/keys', 'lib/protocol', 'lib/util'],
  },
  {
    name: 'lib/cli',
    about: 'the implementation of the commands',
    imports: [
      'lib',
      'lib/kontrol',
      'lib/proxy',
      'lib/kite',
      'lib/keys',
      'lib/transport',
      'lib/protocol',
      'lib/errors',
      'lib/util',
    ],
    folders: cli,
  },
  { name: 'lib', about: 'the public entry points', entries: ['index', 'kontrol', 'proxy'] },
  {
    name: 'lib/testing',
    about: 'the test kit',
    entries: ['faulty-pair', 'manual-clock', 'memory-channel', 'test-kontrol'],
  },
  {
    name: 'lib/kontrol',
    about: 'Kontrol',
    siblings: 'servers',
    folders: kontrol,
  },
  { name: 'lib/proxy', about: 'the proxies', siblings: 'servers', folders: proxy },
  { name: 'lib/kite', about: 'kites', folders: kite },
  {
    name: 'lib/keys',
    about: 'kite keys, JWTs, key pairs and certificates',
    imports: ['lib/protocol', 'lib/errors', 'lib/util'],
    entries: [
      'index',
      'jwt',
      'jwt-claims',
      'key-limits',
      'key-pair',
      'kite-key',
      'kite-token',
      'open-folder',
      'pem',
      'revoked-ids',
    ],
  },
  {
    name: 'lib/dnode',
    about: 'functions across the wire',
    entries: ['callback-table', 'dnode-limits', 'dnode-message', 'scrub', 'unscrub'],
    imports: ['lib/errors', 'lib/util'],
  },
  {
    name: 'lib/transport',
    about: 'connections that carry whole messages',
    imports: ['lib/errors', 'lib/util'],
    folders: transport,
  },
  {
    name: 'lib/protocol',
    about: 'identity, queries, versions, errors and their wire form',
    imports: ['lib/errors', 'lib/util'],
    entries: ['errors', 'identity', 'identity-name', 'protocol-limits', 'query', 'registered-url', 'version'],
  },
  {
    name: 'lib/errors',
    about: 'the brand of errors, and the table of error codes',
    entries: ['dial-hints', 'branded-error', 'error-codes'],
  },
  {
    name: 'lib/util',
    about: 'helpers that do not depend on kites',
    entries: [
      'abortable',
      'backoff',
      'base64url',
      'clock',
      'console-logger',
      'deadline',
      'descriptors',
      'duration',
      'emitter',
      'error-code',
      'guard-listeners',
      'host',
      'listen-address',
      'logger',
      'lookup-addresses',
      'loopback',
      'lru-map',
      'message-of',
      'metrics-registry',
      'next-tick',
      'parse-json',
      'make-visible',
      'random',
      'record',
      'stderr-logger',
      'system-error',
      'token-bucket',
      'utf8',
      'web-url',
    ],
  },
];
