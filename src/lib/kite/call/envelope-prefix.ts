import type { CallbackPath, DnodeMessage, MessageLimits } from '../../dnode/dnode-message.js';
import type { MessageJson } from '../../dnode/message-json.js';
import { Fragment } from '../../transport/channel/outgoing-message.js';
import { PREFIX_LENGTH } from '../limits/kite-limits.js';
import { parseJson } from '../../util/parse-json.js';
import { jsonObject } from '../../util/record.js';
import { isOptionPath } from './envelope.js';

/**
 * The part of a call that is the same in each call of one caller: method, identity and credentials, up to the arguments.
 *
 *     {"method":"square","arguments":[{"kite":{…},"authentication":{…},"responseCallback":"[Function]","withArgs":
 *
 * With a kite key, this is 1.3 KiB of a message that otherwise consists of `[4]`. The prefix is parsed once; of later calls,
 * only the rest is parsed.
 */
export interface EnvelopePrefix {
  readonly fragment: Fragment;
  readonly method: string;
  readonly kite: unknown;
  readonly auth: unknown;
}

const ARGUMENTS_KEY = '"withArgs":';
const MIN_LENGTH = 64;

/**
 * Returns the prefix of a valid call. Undefined if it is too short to be useful, too long, or has another form than the calls of
 * kites, so that the rest of the message could change what it means.
 */
export function envelopePrefix(text: string): EnvelopePrefix | undefined {
  const end = text.indexOf(ARGUMENTS_KEY) + ARGUMENTS_KEY.length;
  if (end < MIN_LENGTH || end > PREFIX_LENGTH) return undefined;
  const head = text.slice(0, end);
  const parsed = jsonObject(parseWithoutNumbers(`${head}null}]}`));
  // If the key is inside a string or another object, these brackets do not complete a call.
  for (const key in parsed) if (key !== 'method' && key !== 'arguments') return undefined;
  const { method, arguments: args } = parsed ?? {};
  if (typeof method !== 'string' || !Array.isArray(args) || args.length !== 1) return undefined;
  const call = jsonObject(args[0]);
  if (!call || call['withArgs'] !== null) return undefined;
  // The options of a prefix are those of each call.
  for (const key in call) if (!PREFIX_KEYS.has(key)) return undefined;
  return {
    fragment: new Fragment(copyOf(head)),
    method,
    kite: call['kite'] ?? null,
    auth: call['authentication'] ?? null,
  };
}

/** The options that may be in a prefix. Others differ from call to call. */
const PREFIX_KEYS: ReadonlySet<string> = new Set(['kite', 'authentication', 'responseCallback', 'withArgs']);

/** Parses JSON. Returns undefined if it is invalid or contains a number, which `MessageJson` may represent differently. */
function parseWithoutNumbers(text: string): unknown {
  let numbers = false;
  const value = parseJson(text, (_key, item: unknown) => {
    numbers ||= typeof item === 'number';
    return item;
  });
  return numbers ? undefined : value;
}

// A slice would keep the whole frame in memory.
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Keys of the prefix that a peer may repeat after it, possibly escaped. */
const REPEATED_KEY = /"(?:method|arguments)"|\\u/;

const STAND_IN = '{"method":0,"arguments":[{"withArgs":';

/**
 * Parses the part of a message after its prefix. Returns undefined if it repeats a key of the prefix, or if a function replaces
 * a part of it: then the two have to be parsed together. Throws as `MessageJson.parse` does.
 */
export function parseAfterPrefix(
  rest: string,
  limits: MessageLimits,
  json: MessageJson,
): DnodeMessage | undefined {
  if (REPEATED_KEY.test(rest)) return undefined;
  const message = json.parse(STAND_IN + rest, limits);
  const [call] = message.args;
  if (message.method !== 0 || message.args.length !== 1 || typeof call !== 'object' || call === null)
    return undefined;
  if ('kite' in call || 'authentication' in call) return undefined;
  return message.callbacks?.every(isAfterPrefix) === false ? undefined : message;
}

function isAfterPrefix(callback: CallbackPath): boolean {
  return isOptionPath(callback) || callback.path[1] === 'withArgs';
}
