/*
 * All types and codes of errors that programs and users can see. Constructor parameters are typed by these tables, so a code
 * that is not declared here does not compile. `npm run docs` generates docs/errors.md from them.
 *
 * Other files import only types from this file, so pages and commands do not load the sentences.
 */

import {
  CERTIFICATE_HINT,
  CLOSED_HINT,
  HOST_NAME_HINT,
  NETWORK_HINT,
  PORT_HINT,
  REFUSED_HINT,
  TIMEOUT_HINT,
} from './dial-hints.js';
import { NO_ADDRESS_HINT, PORT_DENIED_HINT, PORT_IN_USE_HINT } from './listen-hints.js';
import { DESCRIPTORS_HINT } from '../util/descriptors.js';

/** The documentation of an error. Each string is one or more sentences. */
export interface ErrorEntry {
  /** Which side creates the error. */
  readonly sender: string;
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly action: string;
}

type ErrorTable<More = unknown> = Readonly<Record<string, ErrorEntry & More>>;

const CALLER = 'the calling side';
const KITE = 'the called kite';
const KONTROL = 'Kontrol';
const KONTROL_OR_PROXY = 'Kontrol or a proxy';
const REVERSE_PROXY = 'the reverse proxy';
const PROGRAM = 'the program itself';
const PROXIED_KITE = 'the kite behind a tunnel proxy';

/** Types of a KiteError. Programs may use additional types. */
export const errorTypes = {
  methodNotFound: {
    sender: KITE,
    meaning: 'The kite has no method of this name.',
    action: 'Check the spelling. `kitectl describe` lists the methods of a kite.',
  },
  argumentError: {
    sender: `${KITE}, or the calling side`,
    meaning: 'The arguments are invalid for the method, or cannot be serialized.',
    action: 'Change the arguments. The message contains the reason.',
  },
  authenticationError: {
    sender: KITE,
    meaning: 'The kite does not accept the credentials of the caller.',
    action: 'Send a kite key or a token that the kite accepts. The message contains the reason.',
  },
  requestLimitError: {
    sender: KITE,
    meaning: 'The caller exceeded the rate limit of the method, or another limit.',
    action: 'Try again later.',
  },
  genericError: {
    sender: KITE,
    meaning: 'The method failed. The message and the code are those that the handler threw.',
    action: 'Read the message.',
  },
  timeout: {
    sender: `${CALLER}, or the called kite`,
    meaning: 'The method did not respond within the timeout.',
    action: 'Set a longer timeout, or find out why the kite is slow.',
  },
  disconnect: {
    sender: CALLER,
    meaning:
      'The connection closed before the response arrived, or could not be established. The code is the reason, see below.',
    action: 'Connect again. `error.retryable` is true if the method has certainly not run.',
  },
  aborted: {
    sender: CALLER,
    meaning:
      'The caller has aborted the `signal` of the call. The cause is the reason of the signal. The method may have run.',
    action: 'None.',
  },
  canceled: {
    sender: 'the called kite, as the reason of `request.signal`',
    meaning: 'The caller has canceled the call: it aborted the signal of the call, or the call timed out.',
    action: 'End the work for this call. Nobody receives its result.',
  },
  sendError: {
    sender: CALLER,
    meaning:
      'The call is larger than the limit `messageBytes`, or than the free space of the queue (`sendQueueBytes`). It was not sent.',
    action:
      'Send less data per call, or increase the limit on both sides. If the queue is full, wait for the event `drain`.',
  },
  invalidResponse: {
    sender: CALLER,
    meaning: 'The response does not have the form that the protocol or the method requires.',
    action: 'Check that the peer is a kite, and that its version is compatible.',
  },
  configurationError: {
    sender: PROGRAM,
    meaning: 'An option, an environment variable or a file is missing or invalid.',
    action: 'Change the setting in the message. The code is the reason, see below.',
  },
} as const satisfies ErrorTable;

/** Codes of a KiteError, each with its type. */
export const kiteErrorCodes = {
  answerNotRequested: {
    type: 'genericError',
    sender: 'the side that calls the callback',
    meaning:
      'The answer of a callback was read in a later turn of the event loop, when it had been called without a request for an answer.',
    action: 'Await the call of the callback at once, or call `then` on it.',
  },
  badInvite: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The invite is invalid, already used, or expired.',
    action: 'Ask the administrator for a new one: `kitectl kontrol invite USERNAME`.',
  },
  badOutput: {
    type: 'genericError',
    sender: 'a kite of `kitectl serve`',
    meaning:
      'The output of the command is not valid UTF-8, or not valid JSON although `--result json` requires it.',
    action: 'Correct the command, or start `kitectl serve` with another `--result`.',
  },
  badUrl: {
    type: 'argumentError',
    sender: REVERSE_PROXY,
    meaning: 'The proxy cannot forward to the URL that the kite registered.',
    action: 'Register an http, https, ws or wss URL without credentials, query and fragment.',
  },
  busy: {
    type: 'genericError',
    sender: REVERSE_PROXY,
    meaning: 'The proxy is already resolving as many host names as its limit `lookups` allows.',
    action: 'Register again later, or register a URL with an IP address.',
  },
  callbackEnded: {
    type: 'canceled',
    sender: 'the side that has passed the callback, or that has released it',
    meaning: 'The callback was called after its call had ended, or after it was released.',
    action:
      'Call it before the call is answered. If it has to live longer, its caller can share it: `client.share(fn)`.',
  },
  closed: {
    type: 'disconnect',
    sender: CALLER,
    meaning:
      'The program closed the client, the registration or the kite. A call that was pending may have run.',
    action: 'Create a new one.',
  },
  draining: {
    type: 'disconnect',
    sender: `${KITE}, or the calling side, which then has not sent the call`,
    meaning: 'The kite is shutting down: it finishes the calls that run, and takes no new ones.',
    action: 'Call another kite, or this one when it has started again. `dialForever` connects again.',
  },
  foreignOrigin: {
    type: 'authenticationError',
    sender: PROXIED_KITE,
    meaning: 'The proxy requested a tunnel to an origin other than its own.',
    action: 'Check the public address of the proxy, or allow its origin when the kite registers.',
  },
  idTaken: {
    type: 'genericError',
    sender: KONTROL_OR_PROXY,
    meaning: 'A kite of another user, or Kontrol itself, is registered with this id.',
    action: 'Start the kite with another id, or wait until the other kite is deregistered.',
  },
  inexactNumber: {
    type: 'argumentError',
    sender: 'a kite',
    meaning:
      'The arguments contain a number that JavaScript cannot represent exactly, such as an integer above 2^53. The message contains its path.',
    action:
      'Send the number as a string, or start the kite with the option `numbers`: `literal` keeps it, `rounded` rounds it.',
  },
  inexactResult: {
    type: 'invalidResponse',
    sender: CALLER,
    meaning:
      'The result contains a number that JavaScript cannot represent exactly, such as an integer above 2^53. The message contains its path.',
    action:
      'Return the number as a string, or call with a kite that has the option `numbers`: `literal` keeps it, `rounded` rounds it.',
  },
  lost: {
    type: 'disconnect',
    sender: `${CALLER}, or the called kite, if a call that it has made meanwhile failed before it ran`,
    meaning:
      'The connection ended after the call was sent, and before it was answered. The method may have run.',
    action: 'Make the call again only if it may run twice, or find out whether it has run.',
  },
  notSent: {
    type: 'disconnect',
    sender: CALLER,
    meaning: 'There is no connection, so the call was not sent.',
    action: 'Call again when the client is connected, or call another kite.',
  },
  queueFull: {
    type: 'sendError',
    sender: CALLER,
    meaning: 'The call is larger than the free space of the queue (`sendQueueBytes`). It was not sent.',
    action: 'Wait for the event `drain`, then call again.',
  },
  malformedValue: {
    type: 'argumentError',
    sender: 'a kite',
    meaning: 'The arguments contain a tagged value that is malformed, unknown, or above a limit.',
    action: 'Check that the caller follows the extension `values` of the protocol.',
  },
  malformedResult: {
    type: 'invalidResponse',
    sender: CALLER,
    meaning: 'The result contains a tagged value that is malformed, unknown, or above a limit.',
    action: 'Check that the peer follows the extension `values` of the protocol.',
  },
  inviteNeeded: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning:
      'Registering a user requires an invite. The call contains none, and the caller cannot be prompted for it.',
    action: 'Pass the invite with the call: `kitectl register --invite-file FILE`.',
  },
  keyPairRevoked: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The key pair that signed the kite key was revoked.',
    action: 'Get a new kite key: `kitectl register --force`.',
  },
  kiteKeyExpired: {
    type: 'authenticationError',
    sender: `${KITE}, or Kontrol`,
    meaning: 'The kite key has expired. A kite renews its key when it registers, while the key is valid.',
    action: 'Get a new kite key: `kitectl register --force`.',
  },
  kiteKeyRevoked: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The kite key, or the kite key that the token was issued for, was revoked.',
    action: 'Get a new kite key: `kitectl register --force`.',
  },
  methodTimeout: {
    type: 'timeout',
    sender: KITE,
    meaning: 'The handler has not ended within the `timeout` of its method. It may still run.',
    action: 'Find out why the handler is slow, or increase the `timeout` of the method.',
  },
  noGlobs: {
    type: 'genericError',
    sender: CALLER,
    meaning:
      'This Kontrol does not know globs, and cannot answer a wider query instead: it needs a username, or is asked with `who`.',
    action: 'Write the username, and with `who` all fields, without `*` and `?`.',
  },
  noKite: {
    type: 'disconnect',
    sender: CALLER,
    meaning: 'A call of a service has waited for a kite in vain. It has not run.',
    action: 'Start a kite of the service. The message lists the known ones, and why each cannot be called.',
  },
  noWatch: {
    type: 'genericError',
    sender: CALLER,
    meaning: 'This Kontrol does not support watches.',
    action: 'Use a Kontrol that supports `watchCallback`, or query periodically.',
  },
  notAllowed: {
    type: 'authenticationError',
    sender: KITE,
    meaning:
      'The caller has authenticated, and the method is for other users or roles: its option `allow` does not match.',
    action: 'Call as another user, or ask the operator of the kite for the role.',
  },
  notConnectedHere: {
    type: 'genericError',
    sender: KONTROL,
    meaning: 'The kite is not connected to this node of Kontrol, so the node cannot forward messages to it.',
    action: 'Call the node that the kite is connected to, or register the kite over a connection.',
  },
  notTheProxy: {
    type: 'authenticationError',
    sender: PROXIED_KITE,
    meaning: 'A peer that is not the tunnel proxy of the kite requested a tunnel.',
    action: 'Call `kite.tunnel` only from the proxy that the kite is registered with, on that connection.',
  },
  sessionEnded: {
    type: 'authenticationError',
    sender: KONTROL,
    meaning: 'The token for Kontrol has been renewed for as long as a session may last.',
    action: 'Sign in again: `kitectl kontrol ui`. A program calls Kontrol with its kite key.',
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
    meaning: 'Kontrol cannot reach its store, so it cannot accept changes.',
    action: 'Try again later. The log of Kontrol contains the reason.',
  },
  streamTooLong: {
    type: 'argumentError',
    sender: KITE,
    meaning:
      'The method streams, and the call cannot receive a stream. Its items would be an array that is longer than the limit.',
    action:
      'Read the items with `client.stream`, or pass a function as the last argument, which gets each item.',
  },
  targetRefused: {
    type: 'argumentError',
    sender: REVERSE_PROXY,
    meaning: 'The proxy does not allow the kite to register this host.',
    action: 'Register the address that the kite connects from, or start the proxy with `--allow-target`.',
  },
  timeout: {
    type: 'genericError',
    sender: 'a kite of `kitectl serve`',
    meaning: 'The command of the method exceeded its timeout and was terminated.',
    action: 'Start `kitectl serve` with a longer timeout.',
  },
  tooLarge: {
    type: 'genericError',
    sender: 'a kite of `kitectl serve`',
    meaning:
      'The output of the command exceeded the maximum size of a message, and the command was terminated.',
    action: 'Reduce the output of the command.',
  },
  tooManyKites: {
    type: 'genericError',
    sender: KONTROL,
    meaning:
      'The query matches so many kites that the response would exceed the limit `messageBytes` of Kontrol.',
    action: 'Set more fields of the query. The message contains an example.',
  },
  tunnelFailed: {
    type: 'genericError',
    sender: PROXIED_KITE,
    meaning: 'The kite could not connect to the proxy to open a tunnel.',
    action: 'Check that the kite can reach the public address of the proxy, then try again.',
  },
  unknownUser: {
    type: 'genericError',
    sender: KONTROL,
    meaning: 'Kontrol has issued no kite key for this user, and no kite of this user is registered.',
    action: 'Check the spelling. `kitectl kontrol users list` lists the users.',
  },
  tunnelLimit: {
    type: 'genericError',
    sender: PROXIED_KITE,
    meaning: 'The kite has as many tunnels as its limit `tunnels` allows.',
    action: 'Try again later, or increase the limit of the kite.',
  },
  userLimit: {
    type: 'requestLimitError',
    sender: KONTROL,
    meaning:
      'The user has as many registered kites, watches or unanswered queries as a limit of Kontrol allows. The message contains the limit.',
    action:
      'Close kites, cancel watches or wait for responses, or increase the limit: `kitectl kontrol start --limit NAME=VALUE`.',
  },
} as const satisfies ErrorTable<{ readonly type: ErrorTypeName }>;

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
    action: 'Correct the file in the message.',
  },
  badPrivateKey: {
    sender: PROGRAM,
    meaning: 'The private key is encrypted, damaged, or not an RSA key of 2,048 to 8,192 bits.',
    action: 'Use another file, or create a key pair: `kitectl keygen`.',
  },
  badPublicKey: {
    sender: PROGRAM,
    meaning: 'The public key is damaged, or not an RSA key of 2,048 to 8,192 bits.',
    action: 'Use another file, or create a key pair: `kitectl keygen`.',
  },
  badValue: {
    sender: PROGRAM,
    meaning: 'The value of an option or an environment variable is invalid.',
    action: 'Change it. The message contains the setting and its valid values.',
  },
  fileExists: {
    sender: PROGRAM,
    meaning: 'The file already exists and was not replaced.',
    action: 'Overwrite it with `--force`, or choose another file.',
  },
  homeWritable: {
    sender: PROGRAM,
    meaning:
      'Other users can write to the folder of the kite key or of the file store, and could replace what is in it.',
    action: 'Check the files in the folder, then restrict it: `chmod 700 FOLDER`.',
  },
  keyFileMissing: {
    sender: PROGRAM,
    meaning: 'The file of the kite key does not exist.',
    action: 'Get a kite key with `kitectl register`, or use another file with `--key-file`.',
  },
  keyFileReadable: {
    sender: PROGRAM,
    meaning: 'Other users can read or change the file of the kite key.',
    action:
      'Remove the permission: `chmod 400 FILE`. Mount a secret so that only the user, or a group of the program, can read it.',
  },
  keyFileUnreadable: {
    sender: PROGRAM,
    meaning: 'The file of the kite key cannot be read.',
    action: 'Check its permissions, or use another file with `--key-file`.',
  },
  keyPairMismatch: {
    sender: PROGRAM,
    meaning: 'The public key and the private key do not belong together.',
    action: 'Derive the public key from the private key: `openssl pkey -pubout`.',
  },
  keyPairRevoked: {
    sender: KONTROL,
    meaning: 'The key pair in the files was revoked in the store.',
    action: 'Start Kontrol without these files. It then uses the current key pair of its store.',
  },
  noAddress: {
    sender: PROGRAM,
    meaning:
      'The kite cannot listen: this machine does not have the address. The `cause` is the error of the system.',
    action: NO_ADDRESS_HINT,
  },
  noKiteKey: {
    sender: PROGRAM,
    meaning: 'There is no kite key. A proxy requires one to authenticate the kites of its Kontrol.',
    action: 'Get one: `kitectl register`.',
  },
  noKontrol: {
    sender: PROGRAM,
    meaning: 'The URL of Kontrol is not set.',
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
    meaning: 'The URL of a proxy is not set, and there is no Kontrol to find one with.',
    action: 'Set `KITE_PROXY_URL`, or the URL of a Kontrol that has a proxy.',
  },
  noUrl: {
    sender: PROGRAM,
    meaning: 'The kite does not listen, so it has no URL to register.',
    action: 'Call `listen()` first, or register with the option `url`.',
  },
  notWritable: {
    sender: PROGRAM,
    meaning: 'A file or folder cannot be written.',
    action: 'Check its permissions and those of its folder. The message contains the reason.',
  },
  openRegistration: {
    sender: KONTROL,
    meaning: 'Registration is open, and Kontrol listens on an address that other machines can reach.',
    action: 'Listen on 127.0.0.1, use invites, or confirm with `--force`.',
  },
  portDenied: {
    sender: PROGRAM,
    meaning:
      'The kite cannot listen: the system does not let this user open the port. The `cause` is the error of the system.',
    action: PORT_DENIED_HINT,
  },
  portInUse: {
    sender: PROGRAM,
    meaning:
      'The kite cannot listen: another program uses the port. The `cause` is the error of the system, such as `EADDRINUSE`.',
    action: PORT_IN_USE_HINT,
  },
  unknownKeyPair: {
    sender: KONTROL,
    meaning: 'Kontrol has no key pair with this id.',
    action: 'List the key pairs: `kitectl kontrol keys list`.',
  },
} as const satisfies ErrorTable;

/** Codes of a DialError, and of the KiteError `disconnect` of a client that could not connect. */
export const dialCodes = {
  aborted: {
    sender: CALLER,
    meaning: 'The caller canceled the connection with its signal.',
    action: 'Connect again when needed.',
  },
  handshake: {
    sender: CALLER,
    meaning: 'The server responded with an HTTP status instead of opening a session. `status` is the status.',
    action:
      'Check the path, such as `/kite`. For 403, check which hosts and origins the kite allows. For a redirect, use the URL in the message: redirects are not followed.',
  },
  invalidUrl: {
    sender: CALLER,
    meaning: 'The URL is malformed, or its scheme is not http, https, ws or wss.',
    action: 'Correct the URL, such as `http://localhost:3636/kite`.',
  },
  notFound: {
    sender: CALLER,
    meaning: 'The host name could not be resolved.',
    action: HOST_NAME_HINT,
  },
  protocol: {
    sender: CALLER,
    meaning: 'The server does not speak HTTP or SockJS.',
    action: PORT_HINT,
  },
  proxy: {
    sender: CALLER,
    meaning:
      'The proxy that an environment variable such as `HTTPS_PROXY` names cannot be used, or does not allow the connection. `status` is the status of its response.',
    action: 'Check the variable in the message, or add the host to `NO_PROXY` to connect directly.',
  },
  refused: {
    sender: CALLER,
    meaning: 'The connection was refused: no program listens on this host and port.',
    action: REFUSED_HINT,
  },
  reset: {
    sender: CALLER,
    meaning: 'The server closed the connection without a response.',
    action: CLOSED_HINT,
  },
  timeout: {
    sender: CALLER,
    meaning: 'The server did not respond within the handshake timeout.',
    action: TIMEOUT_HINT,
  },
  tls: {
    sender: CALLER,
    meaning: 'The certificate is not trusted, or the server does not support the TLS versions of the client.',
    action: CERTIFICATE_HINT,
  },
  tooManyFiles: {
    sender: CALLER,
    meaning: 'The process cannot open another connection, because it has too many open files.',
    action: DESCRIPTORS_HINT,
  },
  unreachable: {
    sender: CALLER,
    meaning: 'There is no network route to the host.',
    action: NETWORK_HINT,
  },
} as const satisfies ErrorTable;

/** Codes of a StorageError, with which Kontrol or a command fails to open the store. */
export const storageCodes = {
  broken: {
    sender: KONTROL,
    meaning: 'The content of the store cannot be read or decrypted.',
    action: 'Check `KONTROL_SECRET`, restore a backup, or choose another store.',
  },
  locked: {
    sender: KONTROL,
    meaning: 'Another Kontrol is using the folder of the file store.',
    action: 'Stop the other Kontrol, or choose another folder.',
  },
  unavailable: {
    sender: KONTROL,
    meaning: 'The store cannot be reached, or rejects the operation.',
    action: 'Check that the store is running, and check its address and credentials.',
  },
} as const satisfies ErrorTable;

/** Types in the body of a reverse proxy's own HTTP responses: `{"error": {"type", "message"}}`. */
export const proxyRefusals = {
  badRequest: {
    status: 400,
    sender: REVERSE_PROXY,
    meaning:
      'The proxy does not forward this path, this kind of upgrade, or a request with several `Host` headers.',
    action:
      'Request a path without encoded slashes, with one `Host`. WebSocket is the only supported upgrade.',
  },
  badResponse: {
    status: 502,
    sender: REVERSE_PROXY,
    meaning: 'The kite responded with a status line that is not valid HTTP.',
    action: 'Correct the kite: the status is between 100 and 999, and the reason has no control characters.',
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
    meaning: 'The proxy is shutting down.',
    action: 'Query Kontrol for the current URL of the kite.',
  },
  loop: {
    status: 508,
    sender: REVERSE_PROXY,
    meaning: 'The proxy received its own request again, because the kite registered the URL of a proxy.',
    action: 'Register the URL that the kite itself listens on.',
  },
  notFound: {
    status: 404,
    sender: REVERSE_PROXY,
    meaning: 'No kite with this id is registered with the proxy.',
    action: 'Query Kontrol for the current URL of the kite.',
  },
  timeout: {
    status: 504,
    sender: REVERSE_PROXY,
    meaning: 'The kite did not respond in time.',
    action: 'Try again, or check the kite.',
  },
  unreachable: {
    status: 502,
    sender: REVERSE_PROXY,
    meaning: 'The proxy cannot connect to the address that the kite registered.',
    action: 'Check that the kite is running, and check the URL that it registered.',
  },
  wrongHost: {
    status: 421,
    sender: REVERSE_PROXY,
    meaning:
      'The request names the kite in its path, but behind this proxy each kite has a host name of its own.',
    action: 'Query Kontrol for the current URL of the kite.',
  },
} as const satisfies ErrorTable<{ readonly status: number }>;

/** Close codes of WebSocket and SockJS connections. */
export const closeCodes = {
  1000: {
    sender: 'either side',
    meaning: 'The connection was closed normally.',
    action: 'None.',
  },
  1001: {
    sender: 'a page',
    meaning: 'The user left or closed the page.',
    action: 'None.',
  },
  1002: {
    sender: 'either side',
    meaning: 'The peer violated the protocol.',
    action: 'Check that the peer is a kite.',
  },
  1003: {
    sender: 'either side',
    meaning: 'The peer sent a binary message to which both ends did not agree.',
    action: 'Send only text messages.',
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
    meaning: 'A limit was exceeded, or the peer reads too slowly. The close reason contains the limit.',
    action: 'Stay within the limit, or increase it.',
  },
  1009: {
    sender: 'either side',
    meaning: 'A message is larger than the limit `messageBytes`.',
    action: 'Send less data per message, or increase the limit on both sides.',
  },
  1011: {
    sender: 'either side',
    meaning: 'The receiver failed while handling a message.',
    action: 'Read the log of the receiver.',
  },
  1012: {
    sender: 'a kite that shuts down',
    meaning:
      '`All calls are answered`: the kite has answered every call that it has received. A client of `dialForever` also reports this code when it leaves the connection of a kite that shuts down.',
    action: 'Call another kite, or this one when it has started again. Calls without an answer have not run.',
  },
  1014: {
    sender: 'the tunnel proxy, or `kitectl expose`',
    meaning: 'The tunnel to the kite could not be opened in time.',
    action: 'Try again when the kite is connected.',
  },
  3000: {
    sender: 'either side',
    meaning: '`Go away!`: the program closed the kite or the client.',
    action: 'Connect again when the kite is running again.',
  },
} as const satisfies Readonly<Record<number, ErrorEntry>>;

/** Types that the CLI prints with `--json` in addition to those of a KiteError, with their exit codes. */
export const commandErrorTypes = {
  badSource: {
    exitCodes: ['remoteError'],
    meaning: 'The package to install is not a kite.',
    action: 'Check the package. The message contains the reason.',
  },
  configuration: {
    exitCodes: ['configuration'],
    meaning: 'A setting or a file is missing or invalid. The code of the ConfigurationError is the reason.',
    action: 'Change the setting in the message.',
  },
  doctor: {
    exitCodes: 'all',
    meaning: 'A check of `kitectl doctor` failed. The exit code is that of the first failed check.',
    action: 'Follow the hint of the check.',
  },
  download: {
    exitCodes: ['unreachable'],
    meaning: 'A package could not be downloaded. Nothing was installed.',
    action: 'Check the network, then try again.',
  },
  exit: {
    exitCodes: 'all',
    meaning: 'A program that the command started ended with this exit code. The command prints no message.',
    action: 'Read the output of that program.',
  },
  instance: {
    exitCodes: ['remoteError'],
    meaning:
      'An instance of `kitectl serve --instances` ended before it listened, ended again and again after the start, or did not finish its calls.',
    action:
      'Read the log above. To see the failure of a single process, start the kite without `--instances`.',
  },
  internal: {
    exitCodes: ['remoteError'],
    meaning: 'A bug in kitectl.',
    action: 'Report it with the printed stack trace.',
  },
  interrupted: {
    exitCodes: ['interrupted', 'terminated'],
    meaning: 'The command was interrupted by Ctrl-C or a signal.',
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
    action: 'Check the destination of the output, such as the disk.',
  },
  storage: {
    exitCodes: ['unreachable', 'configuration'],
    meaning: 'The store cannot be used. The code of the StorageError is the reason.',
    action:
      'Check the store and its settings, or select another one with `--storage`, or another folder with `--data`.',
  },
  usage: {
    exitCodes: ['usage'],
    meaning: 'The command line has an unknown command, flag or argument, or one is missing.',
    action: 'See `kitectl help COMMAND`.',
  },
} as const satisfies Readonly<Record<string, CommandErrorEntry>>;

interface CommandErrorEntry extends Omit<ErrorEntry, 'sender'> {
  /** Names in the table of exit codes, or `all` if any exit code is possible. */
  readonly exitCodes: 'all' | readonly string[];
}

type ErrorTypeName = keyof typeof errorTypes;

export type KnownErrorType = ErrorTypeName;
export type KiteErrorCode = keyof typeof kiteErrorCodes;
/** The type of a KiteError with this code. */
export type TypeOfCode<Code extends KiteErrorCode> = (typeof kiteErrorCodes)[Code]['type'];
export type ConfigurationCode = keyof typeof configurationCodes;
export type DialErrorCode = keyof typeof dialCodes;
export type StorageErrorCode = keyof typeof storageCodes;
export type ProxyRefusalType = keyof typeof proxyRefusals;
export type StatusOfRefusal<Type extends ProxyRefusalType> = (typeof proxyRefusals)[Type]['status'];
export type CloseCode = keyof typeof closeCodes;
export type CommandErrorType = keyof typeof commandErrorTypes;
