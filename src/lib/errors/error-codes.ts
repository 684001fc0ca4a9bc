/*
 * Every type and code of an error that a program or a person can see. The arguments of constructors are typed by these tables, so
 * that a code that is not declared here does not compile, and docs/errors.md is generated from them: `npm run docs`.
 *
 * Only types are imported from here: pages and commands do not load the sentences.
 */

/** What the reference says of an error. Each text is one or more sentences. */
export interface ErrorEntry {
  /** Which side creates the error. */
  readonly sender: string;
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly action: string;
}

type Entries<More = unknown> = Readonly<Record<string, ErrorEntry & More>>;

const CALLER = 'the calling side';
const KITE = 'the called kite';
const KONTROL = 'Kontrol';
const KONTROL_OR_PROXY = 'Kontrol or a proxy';
const REVERSE_PROXY = 'the reverse proxy';
const PROGRAM = 'the program itself';
const PROXIED_KITE = 'the kite behind a tunnel proxy';

/** Types of a KiteError. A program may use types of its own beside these. */
export const errorTypes = {
  methodNotFound: {
    sender: KITE,
    meaning: 'The kite has no method of this name.',
    action: 'Check the spelling. `kitectl describe` lists the methods of a kite.',
  },
  argumentError: {
    sender: `${KITE}, or the calling side`,
    meaning: 'The arguments do not fit the method, or cannot be sent.',
    action: 'Change the arguments. The message names what is wrong.',
  },
  authenticationError: {
    sender: KITE,
    meaning: 'The kite does not accept the credentials of the caller.',
    action: 'Send a kite key or a token that the kite accepts. The message says why it refused this one.',
  },
  requestLimitError: {
    sender: KITE,
    meaning: 'The caller exceeded the rate limit of the method, or another limit.',
    action: 'Wait, then try again.',
  },
  genericError: {
    sender: KITE,
    meaning: 'The method failed. The message and the code are those of its program.',
    action: 'Read the message.',
  },
  timeout: {
    sender: CALLER,
    meaning: 'The method did not answer within the timeout.',
    action: 'Set a longer timeout, or find out why the kite is slow.',
  },
  disconnect: {
    sender: CALLER,
    meaning: 'The connection ended before the answer came, or could not be made. A code below says why.',
    action: 'Connect again. The method may have run.',
  },
  sendError: {
    sender: CALLER,
    meaning: 'The call is larger than the limit `messageBytes`, and was not sent.',
    action: 'Send less in one call, or set a higher limit on both sides.',
  },
  invalidResponse: {
    sender: CALLER,
    meaning: 'The answer does not have the form that the protocol, or the method, prescribes.',
    action: 'Check that the other side is a kite, and that its version fits.',
  },
  configurationError: {
    sender: PROGRAM,
    meaning: 'Nothing was tried, because an option, an environment variable or a file is missing or invalid.',
    action: 'Change the setting that the message names. A code below says why.',
  },
} as const satisfies Entries;

/** Codes of a KiteError, each with the type that it comes with. */
export const kiteErrorCodes = {
  badInvite: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The invite is invalid, already used, or expired.',
    action: 'Ask the administrator for a new one: `kitectl kontrol invite USERNAME`.',
  },
  badUrl: {
    type: 'argumentError',
    sender: REVERSE_PROXY,
    meaning: 'The proxy cannot forward to the URL that the kite registered.',
    action: 'Register an http, https, ws or wss URL without user name, query and fragment.',
  },
  busy: {
    type: 'genericError',
    sender: REVERSE_PROXY,
    meaning: 'The proxy resolves as many host names as its limit `lookups` allows.',
    action: 'Register again later, or register a URL with an IP address.',
  },
  closed: {
    type: 'disconnect',
    sender: CALLER,
    meaning: 'The client, the registration or the kite was closed by its own program.',
    action: 'Create a new one.',
  },
  foreignOrigin: {
    type: 'authenticationError',
    sender: PROXIED_KITE,
    meaning: 'The proxy asked for a tunnel to another host than its own.',
    action: 'Check the public address of the proxy, or name its origin when the kite registers.',
  },
  idTaken: {
    type: 'genericError',
    sender: KONTROL_OR_PROXY,
    meaning: 'A kite of another user, or Kontrol itself, is registered with this id.',
    action: 'Start the kite with another id, or wait until the other kite is gone.',
  },
  inviteNeeded: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning:
      'A kite key requires an invite. The call contains none, and the caller cannot be prompted for it.',
    action: 'Pass the invite with the call: `kitectl register --invite-file FILE`.',
  },
  keyPairRevoked: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The key pair that signed the kite key was revoked.',
    action: 'Get a new kite key: `kitectl register --force`.',
  },
  noWatch: {
    type: 'genericError',
    sender: CALLER,
    meaning: 'This Kontrol does not report changes of its registry.',
    action: 'Use a Kontrol that supports `watchCallback`, or query at intervals.',
  },
  notConnectedHere: {
    type: 'genericError',
    sender: KONTROL,
    meaning: 'The kite has no connection to this node of Kontrol, which therefore cannot forward to it.',
    action: 'Ask the node to which the kite is connected, or register the kite over a connection.',
  },
  notTheProxy: {
    type: 'authenticationError',
    sender: PROXIED_KITE,
    meaning: 'A peer asked for a tunnel, and it is not the tunnel proxy with which the kite is registered.',
    action: 'Call `kite.tunnel` only from the proxy with which the kite registered, on that connection.',
  },
  signInCode: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The code of the sign-in link is invalid, already used, or expired.',
    action: 'Get a new link: `kitectl kontrol ui`.',
  },
  storeUnavailable: {
    type: 'genericError',
    sender: KONTROL,
    meaning: 'Kontrol cannot reach its store, and cannot change anything.',
    action: 'Try again later. Administrators find the reason in the log of Kontrol.',
  },
  targetRefused: {
    type: 'argumentError',
    sender: REVERSE_PROXY,
    meaning: 'The kite registered a host that it may not name.',
    action: 'Register the address that the kite connects from, or start the proxy with `--allow-target`.',
  },
  timeout: {
    type: 'genericError',
    sender: 'a kite of `kitectl serve`',
    meaning: 'The command of the method exceeded its timeout, and was ended.',
    action: 'Start `kitectl serve` with a longer timeout.',
  },
  tooLarge: {
    type: 'genericError',
    sender: 'a kite of `kitectl serve`',
    meaning: 'The command of the method printed more than fits a message, and was ended.',
    action: 'Let the command print less.',
  },
  tunnelFailed: {
    type: 'genericError',
    sender: PROXIED_KITE,
    meaning: 'The kite could not connect to the proxy to open a tunnel.',
    action: 'Try again. Check that the kite can reach the public address of the proxy.',
  },
  tunnelLimit: {
    type: 'genericError',
    sender: PROXIED_KITE,
    meaning: 'The kite has as many tunnels as its limit `tunnels` allows.',
    action: 'Try again later, or set a higher limit for the kite.',
  },
} as const satisfies Entries<{ readonly type: ErrorTypeName }>;

/** Codes of a ConfigurationError. */
export const configurationCodes = {
  badKiteKey: {
    sender: PROGRAM,
    meaning: 'The kite key is malformed, or one of its claims is missing.',
    action: 'Get a new one: `kitectl register --force`.',
  },
  badPolicy: {
    sender: KONTROL,
    meaning: 'The policy file cannot be read, or is invalid.',
    action: 'Correct the file that the message names.',
  },
  badPrivateKey: {
    sender: PROGRAM,
    meaning: 'The private key is encrypted, damaged, or not an RSA key of 2,048 to 8,192 bits.',
    action: 'Name another file, or create a key pair: `kitectl keygen`.',
  },
  badPublicKey: {
    sender: PROGRAM,
    meaning: 'The public key is damaged, or not an RSA key of 2,048 to 8,192 bits.',
    action: 'Name another file, or create a key pair: `kitectl keygen`.',
  },
  badValue: {
    sender: PROGRAM,
    meaning: 'An option or an environment variable has a value that is not allowed.',
    action: 'Change it. The message names the setting and the values that it takes.',
  },
  fileExists: {
    sender: PROGRAM,
    meaning: 'The file exists already, and was not replaced.',
    action: 'Overwrite it with `--force`, or choose another folder with `--out`.',
  },
  homeWritable: {
    sender: PROGRAM,
    meaning: 'Other users can write to the folder of the kite key, and could replace the key.',
    action: 'Take the permission away: `chmod go-w FOLDER`.',
  },
  keyFileMissing: {
    sender: PROGRAM,
    meaning: 'There is no kite key at the place where it was expected.',
    action: 'Get one with `kitectl register`, or name another file with `--key-file`.',
  },
  keyFileReadable: {
    sender: PROGRAM,
    meaning: 'Other users can read or change the file of the kite key.',
    action: 'Take the permission away: `chmod 400 FILE`.',
  },
  keyFileUnreadable: {
    sender: PROGRAM,
    meaning: 'The file of the kite key cannot be read.',
    action: 'Check its permissions, or name another file with `--key-file`.',
  },
  keyPairMismatch: {
    sender: PROGRAM,
    meaning: 'The public key and the private key do not belong together.',
    action: 'Derive the public key from the private key: `openssl pkey -pubout`.',
  },
  keyPairRevoked: {
    sender: KONTROL,
    meaning: 'The key pair in the files was revoked in the store.',
    action: 'Start Kontrol without these files. It then uses the newer key pair of its store.',
  },
  noKiteKey: {
    sender: PROGRAM,
    meaning: 'There is no kite key. A proxy requires one, to recognise the kites of its Kontrol.',
    action: 'Get one: `kitectl register`.',
  },
  noKontrol: {
    sender: PROGRAM,
    meaning: 'The URL of Kontrol is not known.',
    action:
      'Set `kontrolUrl` or `KITE_KONTROL_URL`, or use a kite key that contains it. In a page, call `kontrol()` first.',
  },
  noPage: {
    sender: KONTROL,
    meaning: 'The files of the page that Kontrol serves are not installed.',
    action: 'Install the package again, or start Kontrol without the page.',
  },
  noProxy: {
    sender: PROGRAM,
    meaning: 'No proxy is known, and no Kontrol that could name one.',
    action: 'Start one with `kitectl proxy start`, or name one with `KITE_PROXY_URL`.',
  },
  noUrl: {
    sender: PROGRAM,
    meaning: 'The kite does not listen, so that it has no URL to register.',
    action: 'Call `listen()` first, or register with the option `url`.',
  },
  notWritable: {
    sender: PROGRAM,
    meaning: 'A file or folder cannot be written.',
    action: 'Check its permissions, or choose another folder with `--out`.',
  },
  openRegistration: {
    sender: KONTROL,
    meaning: 'Registration is open, and Kontrol listens at an address that other machines can reach.',
    action: 'Listen at 127.0.0.1, use invites, or confirm with `--force`.',
  },
  unknownKeyPair: {
    sender: KONTROL,
    meaning: 'Kontrol has no key pair with this id.',
    action: 'List the key pairs: `kitectl kontrol keys list`.',
  },
} as const satisfies Entries;

/** Codes of a DialError. The KiteError `disconnect` of a client that could not connect has them, too. */
export const dialCodes = {
  aborted: {
    sender: CALLER,
    meaning: 'The caller cancelled the connection with its signal.',
    action: 'Connect again when it is needed.',
  },
  handshake: {
    sender: CALLER,
    meaning: 'The server answered with an HTTP status in place of a session. `status` is its number.',
    action: 'Check the path, such as `/kite`. With 403, check which hosts and origins the kite accepts.',
  },
  invalidUrl: {
    sender: CALLER,
    meaning: 'The URL is malformed, or its scheme is not http, https, ws or wss.',
    action: 'Correct the URL, such as `http://localhost:3636/kite`.',
  },
  notFound: {
    sender: CALLER,
    meaning: 'The host name has no address.',
    action: 'Check the spelling, and the DNS.',
  },
  protocol: {
    sender: CALLER,
    meaning: 'The server does not speak HTTP or SockJS.',
    action: 'Check the port.',
  },
  refused: {
    sender: CALLER,
    meaning: 'No program listens at this host and port.',
    action: 'Start the kite, or check host and port.',
  },
  reset: {
    sender: CALLER,
    meaning: 'The server closed the connection without an answer.',
    action: 'Use https where the server speaks TLS, and http where it does not.',
  },
  timeout: {
    sender: CALLER,
    meaning: 'The server did not answer within the handshake timeout.',
    action: 'Check the address and the firewalls, or set a longer timeout.',
  },
  tls: {
    sender: CALLER,
    meaning: 'The certificate is not trusted, or both ends have no TLS version in common.',
    action: 'Trust the certificate authority with `ca` or `NODE_EXTRA_CA_CERTS`.',
  },
  unreachable: {
    sender: CALLER,
    meaning: 'There is no network route to the host.',
    action: 'Check the network.',
  },
} as const satisfies Entries;

/** Codes of a StorageError, with which a Kontrol fails to start or a command that opens the store fails. */
export const storageCodes = {
  broken: {
    sender: KONTROL,
    meaning: 'The content of the store cannot be read or decrypted.',
    action: 'Check `KONTROL_SECRET`, restore a backup, or choose another store.',
  },
  locked: {
    sender: KONTROL,
    meaning: 'Another Kontrol uses the folder of the file store.',
    action: 'Stop the other Kontrol, or choose another folder.',
  },
  unavailable: {
    sender: KONTROL,
    meaning: 'The store cannot be reached, or refuses the operation.',
    action: 'Check that the store runs, and its address and credentials.',
  },
} as const satisfies Entries;

/** Types in the body of a reverse proxy's own HTTP responses: `{"error": {"type", "message"}}`. */
export const proxyRefusals = {
  badRequest: {
    status: 400,
    sender: REVERSE_PROXY,
    meaning: 'The proxy does not forward this path, or this kind of upgrade.',
    action: 'Request a path without encoded slashes, and no upgrade but WebSocket.',
  },
  busy: {
    status: 503,
    sender: REVERSE_PROXY,
    meaning: 'The proxy has as many sessions as its limit `sessions` allows.',
    action: 'Try again later.',
  },
  certificate: {
    status: 502,
    sender: REVERSE_PROXY,
    meaning: 'The proxy does not trust the certificate of the kite.',
    action: 'Start the proxy with the certificate authority of the kite.',
  },
  ending: {
    status: 503,
    sender: REVERSE_PROXY,
    meaning: 'The proxy shuts down.',
    action: 'Ask Kontrol for the current URL of the kite.',
  },
  loop: {
    status: 508,
    sender: REVERSE_PROXY,
    meaning: 'The request passed this proxy before: the kite registered the URL of a proxy.',
    action: 'Register the URL at which the kite itself listens.',
  },
  notFound: {
    status: 404,
    sender: REVERSE_PROXY,
    meaning: 'No kite with this id is registered with the proxy.',
    action: 'Ask Kontrol for the current URL of the kite.',
  },
  timeout: {
    status: 504,
    sender: REVERSE_PROXY,
    meaning: 'The kite did not answer in time.',
    action: 'Try again, or check the kite.',
  },
  unreachable: {
    status: 502,
    sender: REVERSE_PROXY,
    meaning: 'The proxy cannot connect to the address that the kite registered.',
    action: 'Check that the kite runs, and the URL that it registered.',
  },
} as const satisfies Entries<{ readonly status: number }>;

/** WebSocket and SockJS close codes, with which connections end. */
export const closeCodes = {
  1000: {
    sender: 'either side',
    meaning: 'The connection ended normally.',
    action: 'None.',
  },
  1001: {
    sender: 'a page',
    meaning: 'The page was left or closed.',
    action: 'None.',
  },
  1002: {
    sender: 'either side',
    meaning: 'The peer does not follow the protocol.',
    action: 'Check that the peer is a kite.',
  },
  1003: {
    sender: 'either side',
    meaning: 'The peer sent a binary message.',
    action: 'Send text messages only.',
  },
  1006: {
    sender: 'this side',
    meaning: 'The connection dropped without a close frame. This code is never sent.',
    action: 'Connect again.',
  },
  1007: {
    sender: 'either side',
    meaning: 'A message is not valid UTF-8, or the JSON around messages is malformed.',
    action: 'Check that the peer is a kite.',
  },
  1008: {
    sender: 'either side',
    meaning: 'A limit was exceeded, or the peer reads too slowly. The reason names the limit.',
    action: 'Stay within the limits, or set a higher one.',
  },
  1009: {
    sender: 'either side',
    meaning: 'A message is larger than the limit `messageBytes`.',
    action: 'Send less in one message, or set a higher limit on both sides.',
  },
  1011: {
    sender: 'either side',
    meaning: 'The receiver failed while it handled a message.',
    action: 'Read the log of the receiver.',
  },
  1014: {
    sender: 'the tunnel proxy, or `kitectl expose`',
    meaning: 'The tunnel to the kite could not be opened, or did not open in time.',
    action: 'Try again when the kite is connected.',
  },
  3000: {
    sender: 'either side',
    meaning: '`Go away!`: the program closed the kite or the client.',
    action: 'Connect again when the kite is back.',
  },
} as const satisfies Readonly<Record<number, ErrorEntry>>;

/** Types that the command line prints with `--json` beside those of a KiteError, each with its exit codes. */
export const commandErrorTypes = {
  badSource: {
    exitCodes: ['remoteError'],
    meaning: 'The package to install is not a kite.',
    action: 'Check the package. The message names what is missing.',
  },
  configuration: {
    exitCodes: ['configuration'],
    meaning: 'A setting or a file is missing or invalid. A code of a ConfigurationError says why.',
    action: 'Change the setting that the message names.',
  },
  doctor: {
    exitCodes: 'all',
    meaning: '`kitectl doctor` found a problem. The exit code is that of the first check that failed.',
    action: 'Follow the hint of the check.',
  },
  download: {
    exitCodes: ['unreachable'],
    meaning: 'A package could not be downloaded. Nothing was installed.',
    action: 'Check the network, then try again.',
  },
  exit: {
    exitCodes: 'all',
    meaning: 'A program that the command ran ended with this exit code. The command prints nothing itself.',
    action: 'Read the output of that program.',
  },
  internal: {
    exitCodes: ['remoteError'],
    meaning: 'A defect of kitectl.',
    action: 'Report it with the printed stack.',
  },
  interrupted: {
    exitCodes: ['interrupted', 'terminated'],
    meaning: 'The command was ended by Ctrl-C or a signal.',
    action: 'None.',
  },
  notFound: {
    exitCodes: ['notFound'],
    meaning: 'There is no such kite, or more than one matches.',
    action: 'Check the query: `kitectl query`.',
  },
  npm: {
    exitCodes: ['unreachable'],
    meaning: '`npm` could not install the package. Nothing was installed.',
    action: 'Check the name of the package: `npm view NAME`.',
  },
  output: {
    exitCodes: ['configuration'],
    meaning: 'The output cannot be written.',
    action: 'Check where it goes to, such as the disk.',
  },
  storage: {
    exitCodes: ['unreachable', 'configuration'],
    meaning: 'The store cannot be used. A code of a StorageError says why.',
    action: 'Check the store and its settings, or choose another with `--storage`.',
  },
  usage: {
    exitCodes: ['usage'],
    meaning: 'The command line has an unknown command, flag or argument, or one is missing.',
    action: 'See `kitectl help COMMAND`.',
  },
} as const satisfies Readonly<Record<string, CommandErrorEntry>>;

interface CommandErrorEntry extends Omit<ErrorEntry, 'sender'> {
  /** Names in the table of exit codes, or `all`: it depends. */
  readonly exitCodes: 'all' | readonly string[];
}

type ErrorTypeName = keyof typeof errorTypes;

export type KnownErrorType = ErrorTypeName;
export type KiteErrorCode = keyof typeof kiteErrorCodes;
/** The type that a code of a KiteError comes with. */
export type TypeOfCode<Code extends KiteErrorCode> = (typeof kiteErrorCodes)[Code]['type'];
export type ConfigurationCode = keyof typeof configurationCodes;
export type DialErrorCode = keyof typeof dialCodes;
export type StorageErrorCode = keyof typeof storageCodes;
export type ProxyRefusalType = keyof typeof proxyRefusals;
export type StatusOfRefusal<Type extends ProxyRefusalType> = (typeof proxyRefusals)[Type]['status'];
export type CloseCode = keyof typeof closeCodes;
export type CommandErrorType = keyof typeof commandErrorTypes;
