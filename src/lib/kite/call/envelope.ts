import type { AnyFunction, ExtractedFunction } from '../../dnode/scrub.js';
import type { CallbackPath } from '../../dnode/dnode-message.js';
import type { WireError } from '../../protocol/errors.js';
import { Fragment, type Message, type Piece } from '../../transport/channel/outgoing-message.js';

/*
 * The wire form of a call and of its response:
 *
 *     {"method":"square","arguments":[{"kite":{…},"authentication":{…},"responseCallback":"[Function]","withArgs":[4]}],
 *      "callbacks":{"0":[0,"responseCallback"]}}
 *     {"method":0,"arguments":[{"error":null,"result":16}],"callbacks":{}}
 *
 * Pieces that are the same in each call are Fragments, which are escaped once.
 */
const CALL_END = new Fragment('}],"callbacks":{"');
const CALL_TAIL = new Fragment('":[0,"responseCallback"]}}');
const CALL_TAIL_OPEN = new Fragment('":[0,"responseCallback"],');
const CALLBACK = new Fragment('{"method":');
const RESULT = new Fragment(',"arguments":[{"error":null,"result":');
const RESULT_TAIL = new Fragment('}],"callbacks":{}}');
const RESULT_TAIL_OPEN = new Fragment('}],"callbacks":{');
const ERROR = new Fragment(',"arguments":[{"error":');
const ERROR_TAIL = new Fragment(',"result":null}],"callbacks":{}}');
const CALLBACK_ARGS = new Fragment(',"arguments":');
const CALLBACK_TAIL = new Fragment(',"callbacks":{}}');
const CALLBACK_TAIL_OPEN = new Fragment(',"callbacks":{');
const CLOSE = new Fragment('}}');

/** Assigns the number with which the peer refers to a function. */
export interface CallbackRegistry {
  share(fn: AnyFunction): number;
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

export function callMessage(
  method: Fragment,
  envelope: Fragment,
  json: string,
  response: number,
  functions: readonly ExtractedFunction[] | undefined,
  sharer: CallbackRegistry,
): Message {
  if (!functions) return [method, envelope, json, CALL_END, response, CALL_TAIL];
  const callbacks = callbackPieces(functions, '[0,"withArgs"', sharer);
  return [method, envelope, json, CALL_END, response, CALL_TAIL_OPEN, ...callbacks, CLOSE];
}

export function resultMessage(
  response: number,
  json: string,
  functions: readonly ExtractedFunction[] | undefined,
  sharer: CallbackRegistry,
): Message {
  if (!functions) return [CALLBACK, response, RESULT, json, RESULT_TAIL];
  const callbacks = callbackPieces(functions, '[0,"result"', sharer);
  return [CALLBACK, response, RESULT, json, RESULT_TAIL_OPEN, ...callbacks, CLOSE];
}

/** A result that is encoded already. */
export function encodedMessage(response: number, pieces: readonly Piece[]): Message {
  return [CALLBACK, response, RESULT, ...pieces, RESULT_TAIL];
}

export function errorMessage(response: number, error: WireError): Message {
  return [CALLBACK, response, ERROR, JSON.stringify(error), ERROR_TAIL];
}

/** A call of a callback of the peer: its arguments, without an envelope. */
export function callbackMessage(
  number: number,
  json: string,
  functions: readonly ExtractedFunction[] | undefined,
  sharer: CallbackRegistry,
): Message {
  if (!functions) return [CALLBACK, number, CALLBACK_ARGS, json, CALLBACK_TAIL];
  const callbacks = callbackPieces(functions, '[', sharer);
  return [CALLBACK, number, CALLBACK_ARGS, json, CALLBACK_TAIL_OPEN, ...callbacks, CLOSE];
}

function callbackPieces(
  functions: readonly ExtractedFunction[],
  base: string,
  sharer: CallbackRegistry,
): Piece[] {
  const pieces: Piece[] = [];
  for (const { fn, path } of functions) {
    const rest = JSON.stringify(path).slice(1);
    const open = path.length > 0 && base !== '[' ? `${base},` : base;
    pieces.push(`${pieces.length === 0 ? '' : ','}"`, sharer.share(fn), `":${open}${rest}`);
  }
  return pieces;
}

/** A call of the peer. Its shape has been checked; it has not been authenticated. */
export interface IncomingCall {
  readonly method: string;
  /** The identity that the caller claims. */
  readonly kite: unknown;
  readonly auth: unknown;
  /** `withArgs`, with stubs for the caller's functions. */
  readonly args: unknown[];
  /** Number of the caller's callback for the response. Undefined if the caller expects no response. */
  readonly response: number | undefined;
  /** Whether the arguments do not have the form that kites send. */
  readonly malformed: boolean;
}

/** Returns the number of the callback at `[0, "responseCallback"]`; the index may be a number or a string. */
export function responseNumber(callbacks: readonly CallbackPath[] | undefined): number | undefined {
  return callbacks?.find(isResponsePath)?.number;
}

export function isResponsePath({ path }: CallbackPath): boolean {
  return path.length === 2 && path[1] === 'responseCallback' && (path[0] === 0 || path[0] === '0');
}

/** Reads the single argument of a call. For a call with one argument, `kite.js` sends that argument without an array. */
export function readCall(
  method: string,
  args: readonly unknown[],
  callbacks: readonly CallbackPath[] | undefined,
): IncomingCall {
  const response = responseNumber(callbacks);
  const options = args[0];
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return { method, kite: null, auth: null, args: [], response, malformed: args.length > 0 };
  }
  const { kite, authentication, withArgs } = options as Record<string, unknown>;
  return {
    method,
    kite,
    auth: authentication,
    args: argsList(withArgs),
    response,
    malformed: args.length > 1,
  };
}

/** Returns the call that consists of a cached prefix and these arguments. */
export function completeCall(
  prefix: Pick<IncomingCall, 'method' | 'kite' | 'auth'>,
  args: readonly unknown[],
  callbacks: readonly CallbackPath[] | undefined,
): IncomingCall {
  const { method, kite, auth } = prefix;
  const { withArgs } = args[0] as { withArgs: unknown };
  return {
    method,
    kite,
    auth,
    args: argsList(withArgs),
    response: responseNumber(callbacks),
    malformed: false,
  };
}

function argsList(withArgs: unknown): unknown[] {
  if (Array.isArray(withArgs)) return withArgs;
  return withArgs === undefined || withArgs === null ? [] : [withArgs];
}
