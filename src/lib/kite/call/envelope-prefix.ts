import { type DnodeMessage, type MessageLimits, parseMessage } from '../../dnode/dnode-message.js';
import { Fragment } from '../../transport/channel/outgoing-message.js';
import { PREFIX_LENGTH } from '../limits/kite-limits.js';

/**
 * The part of a call that one caller repeats word for word: method, identity and credentials, up to the arguments.
 *
 *     {"method":"square","arguments":[{"kite":{…},"authentication":{…},"responseCallback":"[Function]","withArgs":
 *
 * With a kite key in it this is 1.3 KiB of a message whose news is `[4]`. It is taken apart once, and what follows it is
 * parsed alone from then on.
 */
export interface EnvelopePrefix {
  readonly fragment: Fragment;
  readonly method: string;
  readonly kite: unknown;
  readonly auth: unknown;
}

const ARGUMENTS_KEY = '"withArgs":';
const MIN_LENGTH = 64;

/** The prefix of a call that was parsed before, if it is worth knowing and ends where its arguments begin. */
export function envelopePrefix(text: string): EnvelopePrefix | undefined {
  const end = text.indexOf(ARGUMENTS_KEY) + ARGUMENTS_KEY.length;
  if (end < MIN_LENGTH || end > PREFIX_LENGTH) return undefined;
  const head = text.slice(0, end);
  const parsed = tryParse(`${head}null}]}`);
  // Whatever the mark stands in, only in the right place do these brackets close it.
  const call = parsed?.arguments?.[0];
  if (!call || call['withArgs'] !== null || typeof parsed.method !== 'string') return undefined;
  return {
    fragment: new Fragment(copyOf(head)),
    method: parsed.method,
    kite: call['kite'],
    auth: call['authentication'],
  };
}

interface ParsedCall {
  readonly method?: unknown;
  readonly arguments?: readonly (Record<string, unknown> | undefined)[];
}

function tryParse(text: string): ParsedCall | undefined {
  try {
    return JSON.parse(text) as ParsedCall;
  } catch {
    return undefined;
  }
}

// A slice would keep the whole frame it was cut from.
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Names of the beginning, which a peer might say again, perhaps escaped. */
const REPEATED_KEY = /"(?:method|arguments)"|\\u/;

const STAND_IN = '{"method":0,"arguments":[{"withArgs":';

/**
 * What follows a prefix, parsed as if the prefix stood before it. Undefined where it goes on to say something that the
 * prefix had said already: then the two have to be parsed together. Throws as `parseMessage` does.
 */
export function parseAfterPrefix(rest: string, limits: MessageLimits): DnodeMessage | undefined {
  if (REPEATED_KEY.test(rest)) return undefined;
  const message = parseMessage(STAND_IN + rest, limits);
  const [call] = message.args;
  if (message.method !== 0 || message.args.length !== 1 || typeof call !== 'object' || call === null)
    return undefined;
  for (const key in call) if (key !== 'withArgs') return undefined;
  return message;
}
