import { type DnodeMessage, type MessageLimits, parseMessage } from './dnode-message.js';
import { type Scrubbed, type SpecialValues, scrub } from './scrub.js';

/**
 * Parses a value that has this many levels of nesting around it in its message. Returns undefined if it has to be parsed together
 * with its message: because it is invalid, exceeds a limit, or contains a number that may not be exact.
 */
export type ParseData = (json: string, levels: number, limits: MessageLimits) => unknown;

/** Converts the messages of a connection from JSON, and the values in them to JSON. */
export interface MessageJson {
  /** @throws ProtocolViolation if the message is invalid or exceeds a limit */
  readonly parse: (text: string, limits: MessageLimits) => DnodeMessage;
  /** @throws ScrubError or ValueError if the value cannot be sent */
  readonly scrub: (value: unknown, maxDepth: number, special?: SpecialValues) => Scrubbed;
}

/** The same, for connections that recognize the parts of usual messages. Pages do not. */
export interface UsualMessageJson extends MessageJson {
  readonly parseData: ParseData;
}

/** Numbers are converted as `JSON.parse` and `JSON.stringify` do: those that JavaScript cannot represent are rounded. */
export const roundedJson: MessageJson = {
  parse: parseMessage,
  scrub: (value, maxDepth, special) => scrub(value, maxDepth, JSON.stringify, special),
};
