import type { AttachedBytes } from '../../dnode/attached-bytes.js';
import type { ExtractedFunction } from '../../dnode/scrub.js';
import type { IncomingStream } from '../streams/incoming-stream.js';
import type { StreamWindow } from '../streams/stream-window.js';
import type { CallbackScope } from '../callbacks/callback-scope.js';
import { type CallbackPath, type DnodeMessage } from '../../dnode/dnode-message.js';
import { malformedCall } from './call-errors.js';
import { jsonObject } from '../../util/record.js';
import {
  BytesMessage,
  Fragment,
  type Message,
  messageText,
  type Piece,
} from '../../transport/channel/outgoing-message.js';

/*
 * The wire form of a call and of its response:
 *
 *     {"method":"square","arguments":[{"kite":{…},"authentication":{…},"responseCallback":"[Function]","withArgs":[4]}],
 *      "callbacks":{"0":[0,"responseCallback"]}}
 *     {"method":0,"arguments":[{"error":null,"result":16}],"callbacks":{}}
 *
 * The fields of extensions follow `withArgs` and `result`, so that calls of one caller have the same beginning.
 *
 * Pieces that are the same in each call are Fragments, which are escaped once.
 */
const CALL_END = new Fragment('}],"callbacks":{"');
const CALL_TAIL = new Fragment('":[0,"responseCallback"]}}');
const CALLBACK = new Fragment('{"method":');
const RESULT = new Fragment(',"arguments":[{"error":null,"result":');
const RESULT_TAIL = new Fragment('}],"callbacks":{}}');
const ERROR = new Fragment(',"arguments":[{"error":');
const ERROR_END = new Fragment(',"result":null');
const CALLBACK_ARGS = new Fragment(',"arguments":');
const CALLBACK_TAIL = new Fragment(',"callbacks":{}}');

/** What a message contains instead of a field that it does not have. */
export const NO_FIELD = new Fragment('');

/** Assigns the number with which the peer refers to a function. */
export interface CallbackRegistry {
  share(fn: ExtractedFunction['fn']): number;
  /** Assigns another number to a function that has one. */
  shareAgain(fn: ExtractedFunction['fn']): number;
}

export function methodFragment(method: string): Fragment {
  return new Fragment(`{"method":${JSON.stringify(method)},"arguments":[`);
}

/** The part that is the same in every call of a connection: the identity and the credentials of the caller. */
export function envelopeFragment(identityJson: string, authJson: string): Fragment {
  return new Fragment(
    `{"kite":${identityJson},"authentication":${authJson},"responseCallback":"[Function]","withArgs":`,
  );
}

/** `fields`: further options of the call. Peers that do not know them ignore them. `tail`: see `callTail`. */
export function callMessage(
  method: Fragment,
  envelope: Fragment,
  json: string,
  fields: Piece,
  response: number,
  tail: Piece,
): readonly Piece[] {
  return fields === NO_FIELD
    ? [method, envelope, json, CALL_END, response, tail]
    : [method, envelope, json, fields, CALL_END, response, tail];
}

/**
 * Returns the end of a call, with the functions in its arguments and their numbers. `items`: the number of the function for a
 * stream of results.
 */
export function callTail(
  functions: readonly ExtractedFunction[] | undefined,
  numbers: readonly number[],
  items: number | undefined,
): Piece {
  if (!functions && items === undefined) return CALL_TAIL;
  const itemEntry = items === undefined ? '' : `,"${items}":[0,"stream","next"]`;
  const entries = functions ? `,${callbackEntries(functions, '[0,"withArgs"', numbers)}` : '}}';
  return `":[0,"responseCallback"]${itemEntry}${entries}`;
}

/** Returns the fields of a message one after the other. */
export function joinFields(first: Piece, second: Piece): Piece {
  if (first === NO_FIELD) return second;
  return second === NO_FIELD ? first : messageText([first, second]);
}

export function resultMessage(
  response: number,
  json: string,
  announcement: Fragment,
  functions: readonly ExtractedFunction[] | undefined,
  sharer: CallbackRegistry,
): readonly Piece[] {
  const tail = functions
    ? `}],"callbacks":{${callbackEntries(functions, '[0,"result"', numbersOf(functions, sharer))}`
    : RESULT_TAIL;
  return announcement === NO_FIELD
    ? [CALLBACK, response, RESULT, json, tail]
    : [CALLBACK, response, RESULT, json, announcement, tail];
}

/** A result that is encoded already. */
export function encodedMessage(
  response: number,
  pieces: readonly Piece[],
  announcement: Fragment,
): readonly Piece[] {
  return [CALLBACK, response, RESULT, ...pieces, announcement, RESULT_TAIL];
}

/** `json`: the error. */
export function errorMessage(response: number, json: string, announcement: Fragment): readonly Piece[] {
  return [CALLBACK, response, ERROR, json, ERROR_END, announcement, RESULT_TAIL];
}

/** The method with which a caller gives up a call. It has no answer. */
export const CANCEL = 'kite.cancel';

const CANCEL_START = new Fragment(`{"method":"${CANCEL}","arguments":[{"withArgs":[`);
const CANCEL_TAIL = new Fragment(']}],"callbacks":{}}');

/** Gives up the call whose response callback has this number. Peers that do not know the method ignore it. */
export function cancelMessage(response: number): Message {
  return [CANCEL_START, response, CANCEL_TAIL];
}

/** The method with which the caller of a stream gives credit. It has no answer. */
export const CREDIT = 'kite.credit';

const CREDIT_START = new Fragment(`{"method":"${CREDIT}","arguments":[{"withArgs":[`);

/** Says that the program has taken as many more items, which arrived at the function with this number. */
export function creditMessage(items: number, count: number): Message {
  return [CREDIT_START, items, ',', count, CANCEL_TAIL];
}

/** The option with which a caller accepts a stream: the function for its items, and the window. */
export function streamField({ items, bytes }: StreamWindow): string {
  return `,"stream":{"next":"[Function]","items":${items},"bytes":${bytes}}`;
}

/** A call of a callback of the peer: its arguments, without an envelope. */
export function callbackMessage(
  number: number,
  json: string,
  functions: readonly ExtractedFunction[] | undefined,
  sharer: CallbackRegistry,
): readonly Piece[] {
  const tail = functions
    ? `,"callbacks":{${callbackEntries(functions, '[', numbersOf(functions, sharer))}`
    : CALLBACK_TAIL;
  return [CALLBACK, number, CALLBACK_ARGS, json, tail];
}

/**
 * Returns a call of a callback with the request for an answer, which is a call of the function with this number.
 * `announcement`: see `Negotiation`.
 */
export function withAnswer(
  message: readonly Piece[],
  number: number,
  announcement: Fragment,
): readonly Piece[] {
  const end = messageText(message.slice(-1));
  return [...message.slice(0, -1), `${end.slice(0, -1)},"answer":${number}${announcement.text}}`];
}

/** The method with which a peer says that it takes no new calls. It has no answer. */
export const DRAINING = 'kite.draining';

export const DRAINING_MESSAGE: Message = [
  new Fragment(`{"method":"${DRAINING}","arguments":[{"withArgs":[]}],"callbacks":{}}`),
];

/** The method with which a peer releases a function of this side. It has no answer. */
export const RELEASE = 'kite.release';

const RELEASE_START = new Fragment(`{"method":"${RELEASE}","arguments":[{"withArgs":[`);
const RELEASE_TAIL = new Fragment(',1]}],"callbacks":{}}');

/** Says that one reference to a function of the peer is not used any more. */
export function releaseMessage(number: number): Message {
  return [RELEASE_START, number, RELEASE_TAIL];
}

/** Begins to receive a stream that the peer has passed: a call of its function `number` with two functions of this side. */
export function openMessage(number: number, json: string, next: number, end: number): Message {
  return [CALLBACK, number, CALLBACK_ARGS, json, `,"callbacks":{"${next}":[0,"next"],"${end}":[0,"end"]}}`];
}

/**
 * Returns the number of each function. One that is in several places of a message has as many numbers, because each number has one
 * path.
 */
export function numbersOf(functions: readonly ExtractedFunction[], sharer: CallbackRegistry): number[] {
  const seen = functions.length > 1 ? new Set<unknown>() : undefined;
  return functions.map(({ fn }) => {
    const number = seen?.has(fn) ? sharer.shareAgain(fn) : sharer.share(fn);
    seen?.add(fn);
    return number;
  });
}

/** Returns the entries of `callbacks`, and the end of the message. `base` is the start of each path. */
function callbackEntries(
  functions: readonly ExtractedFunction[],
  base: string,
  numbers: readonly number[],
): string {
  const entries = functions.map(({ path }, index) => {
    const separator = path.length > 0 && base !== '[' ? ',' : '';
    return `"${numbers[index]}":${base}${separator}${JSON.stringify(path).slice(1)}`;
  });
  return `${entries.join()}}}`;
}

/** Returns a message with the mark that its arguments contain tagged values, and with the bytes that belong to them. */
export function withTags(message: readonly Piece[], attached: AttachedBytes | undefined): Message {
  const end = messageText(message.slice(-1));
  const tagged = [...message.slice(0, -1), `${end.slice(0, -1)},"values":true}`];
  if (!attached) return tagged;
  const pieces: (Piece | Uint8Array)[] = [];
  let number = 0;
  for (const piece of tagged) {
    const [first = '', ...rest] = typeof piece === 'string' ? attached.split(piece) : [];
    pieces.push(typeof piece === 'string' ? first : piece);
    for (const text of rest) pieces.push(attached.at(number++), text);
  }
  return new BytesMessage(pieces);
}

/** Where a caller accepts the items of a stream. */
export interface StreamReceiver {
  readonly window: unknown;
  /** The number of its function for items. Undefined if it has passed none. */
  readonly number: number | undefined;
}

/** A call of the peer. Its shape has been checked; it has not been authenticated. */
export interface IncomingCall {
  readonly method: string;
  /** The identity that the caller claims. */
  readonly kite: unknown;
  readonly auth: unknown;
  /** `withArgs`, with stubs for the caller's functions. */
  readonly args: unknown[];
  /** The fields of extensions, unchecked. */
  readonly extensions: unknown;
  readonly deadline: unknown;
  readonly traceparent: unknown;
  readonly tracestate: unknown;
  readonly metadata: unknown;
  /** Where the caller accepts a stream as result, unchecked. Undefined if it does not. */
  readonly stream: StreamReceiver | undefined;
  /** The streams in `args`. They end with the call. */
  inputs: readonly IncomingStream[] | undefined;
  /** What the functions in `args` have in common. Undefined if there are none. */
  scope: CallbackScope | undefined;
  /** Number of the caller's callback for the response. Undefined if the caller expects no response. */
  readonly response: number | undefined;
  /** The reason for which the call is rejected, such as arguments that do not have the form that kites send. */
  readonly problem: Error | undefined;
}

/** Returns the number of the callback at `[0, "responseCallback"]`; the index may be a number or a string. */
function responseNumber(callbacks: readonly CallbackPath[] | undefined): number | undefined {
  return callbacks?.find(isResponsePath)?.number;
}

/** Whether a function is in the options of a call, and not among its arguments. */
export function isOptionPath(callback: CallbackPath): boolean {
  return isResponsePath(callback) || isItemsPath(callback);
}

function isItemsPath({ path }: CallbackPath): boolean {
  return (
    path.length === 3 && path[1] === 'stream' && path[2] === 'next' && (path[0] === 0 || path[0] === '0')
  );
}

function isResponsePath({ path }: CallbackPath): boolean {
  return path.length === 2 && path[1] === 'responseCallback' && (path[0] === 0 || path[0] === '0');
}

type CallOptionsObject = Readonly<Record<string, unknown>>;

const NO_OPTIONS: CallOptionsObject = {};

/** Reads the single argument of a call. For a call with one argument, `kite.js` sends that argument without an array. */
export function readCall(method: string, { args, callbacks, problem }: DnodeMessage): IncomingCall {
  const options = jsonObject(args[0]);
  const { kite = null, authentication: auth = null } = options ?? NO_OPTIONS;
  const malformed = args.length > (options ? 1 : 0) ? malformedCall() : problem;
  return readOptions({ method, kite, auth }, options ?? NO_OPTIONS, callbacks, malformed);
}

type CallPrefix = Pick<IncomingCall, 'method' | 'kite' | 'auth'>;

/** Returns the call that consists of a cached prefix and these arguments. */
export function completeCall(prefix: CallPrefix, { args, callbacks, problem }: DnodeMessage): IncomingCall {
  return readOptions(prefix, args[0] as CallOptionsObject, callbacks, problem);
}

/** Returns the call that consists of a cached prefix and this, without any other option. */
export function completeUsualCall(
  prefix: CallPrefix,
  { args, response, stream }: Pick<IncomingCall, 'args' | 'response' | 'stream'>,
): IncomingCall {
  return makeCall(prefix, args, NO_OPTIONS, stream, response, undefined);
}

function readOptions(
  prefix: CallPrefix,
  options: CallOptionsObject,
  callbacks: readonly CallbackPath[] | undefined,
  problem: Error | undefined,
): IncomingCall {
  const { withArgs, stream: window } = options;
  const stream = window === undefined ? undefined : { window, number: callbacks?.find(isItemsPath)?.number };
  return makeCall(prefix, argsList(withArgs), options, stream, responseNumber(callbacks), problem);
}

function makeCall(
  { method, kite, auth }: CallPrefix,
  args: unknown[],
  { extensions, deadline, traceparent, tracestate, metadata }: CallOptionsObject,
  stream: StreamReceiver | undefined,
  response: number | undefined,
  problem: Error | undefined,
): IncomingCall {
  return {
    method,
    kite,
    auth,
    args,
    extensions,
    deadline,
    traceparent,
    tracestate,
    metadata,
    stream,
    inputs: undefined,
    scope: undefined,
    response,
    problem,
  };
}

function argsList(withArgs: unknown): unknown[] {
  if (Array.isArray(withArgs)) return withArgs;
  return withArgs === undefined || withArgs === null ? [] : [withArgs];
}
