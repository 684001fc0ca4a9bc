import { decodeValues, type ValueLimits } from '../../dnode/decode-values.js';
import type { DnodeMessage } from '../../dnode/dnode-message.js';
import { streamsIn } from '../../dnode/scrub.js';
import { encodeValues, type ValueSupport } from '../../dnode/encode-values.js';
import { codedError } from '../../protocol/errors.js';
import { cancelStream, expectFailure } from '../../util/item-source.js';
import { messageOf } from '../../util/message-of.js';
import { jsonObject } from '../../util/record.js';

/** The field of a message that has tagged values. Undefined if all arguments have them. */
export type TaggedPlace = readonly [object: unknown, key: string] | undefined;

/** Returns a message with its tagged values restored. If they cannot be, the message has a problem. */
export function untagged(message: DnodeMessage, place: TaggedPlace, limits: ValueLimits): DnodeMessage {
  try {
    const { args, bytes } = message;
    if (!place) return { ...message, args: decodeValues(args, limits, bytes) as unknown[] };
    const fields: Record<string, unknown> | undefined = jsonObject(place[0]);
    if (fields && Object.hasOwn(fields, place[1]))
      fields[place[1]] = decodeValues(fields[place[1]], limits, bytes);
    return message;
  } catch (error) {
    const problem = place?.[1] === 'result' ? malformedResult(error) : malformedValue(error);
    return { ...message, problem };
  }
}

function malformedValue(error: unknown): Error {
  return codedError('argumentError', 'malformedValue', `The arguments cannot be read: ${messageOf(error)}`);
}

function malformedResult(error: unknown): Error {
  return codedError('invalidResponse', 'malformedResult', `The result cannot be read: ${messageOf(error)}`);
}

/** Whether arguments have values that only a peer with an extension can receive, and that can be sent to such a peer. */
export function needsExtension(args: readonly unknown[]): boolean {
  try {
    return (
      streamsIn(args, MAX_DEPTH).length > 0 || encodeValues(args, MAX_DEPTH, 'args', EVERYTHING) !== args
    );
  } catch {
    return false;
  }
}

/** Whether there are streams among the arguments of a call. */
export function hasStreams(args: readonly unknown[]): boolean {
  return streamsIn(args, MAX_DEPTH).length > 0;
}

/** Ends the streams among the arguments of a call that is not made. */
export function cancelStreams(args: readonly unknown[]): void {
  for (const stream of streamsIn(args, MAX_DEPTH)) cancelStream(stream, undefined);
}

/** Prevents the streams among the arguments of a call that has to wait from ending the process if they fail. */
export function expectFailures(args: readonly unknown[]): void {
  for (const stream of streamsIn(args, MAX_DEPTH)) expectFailure(stream);
}

const MAX_DEPTH = 128;

// To a peer without extensions, undefined is null, as always.
const EVERYTHING: ValueSupport = { values: true, bytes: true, undefinedIsNull: true };
