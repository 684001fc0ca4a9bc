import { type DnodeMessage, type MessageLimits, parseData, parseMessage } from '../../dnode/dnode-message.js';
import {
  type MessageJson,
  type ParseData,
  roundedJson,
  type UsualMessageJson,
} from '../../dnode/message-json.js';
import { type Scrubbed, type SpecialValues, scrub } from '../../dnode/scrub.js';
import { codedError, ConfigurationError } from '../../protocol/errors.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { isExact, mayHoldInexact } from '../../util/exact-number.js';
import {
  findNumber,
  isWrittenAlike,
  type LocatedLiteral,
  parseLiterally,
  stringifyLiterals,
} from '../../util/literal-json.js';
import { NUMBER_LITERALS } from '../limits/kite-limits.js';
import { parseUsualMessage } from './usual-messages.js';

/** What happens to numbers of peers that JavaScript cannot represent; see `KiteOptions.numbers`. */
export type Numbers = 'exact' | 'rounded' | 'literal';

/**
 * Returns the conversion of messages for a value of the option `numbers`. Each sends a NumberLiteral as it is written.
 *
 * @throws ConfigurationError for another value
 */
export function messageJson(numbers: Numbers): UsualMessageJson {
  if (!Object.hasOwn(parsers, numbers)) {
    const message = `The option numbers is ${JSON.stringify(numbers)}; it must be "exact", "rounded" or "literal"`;
    throw new ConfigurationError('badValue', message);
  }
  const [parse, data] = parsers[numbers];
  return {
    parse: (text, limits) => parseUsualMessage(text, limits, data) ?? parse(text, limits),
    parseData: data,
    scrub: scrubLiterals,
  };
}

const parsers: Readonly<Record<Numbers, readonly [MessageJson['parse'], ParseData]>> = {
  exact: [parseExactly, parseExactData],
  rounded: [roundedJson.parse, parseData],
  literal: [parseWithLiterals, parseLiteralData],
};

function parseExactData(json: string, levels: number, limits: MessageLimits): unknown {
  return mayHoldInexact(json) ? undefined : parseData(json, levels, limits);
}

function parseLiteralData(json: string, levels: number, limits: MessageLimits): unknown {
  return isWrittenAlike(json) ? parseData(json, levels, limits) : undefined;
}

function scrubLiterals(value: unknown, maxDepth: number, special?: SpecialValues): Scrubbed {
  return scrub(value, maxDepth, stringifyLiterals, special);
}

/** Parses a message. If it contains a number that is not exact, the message has a problem. */
function parseExactly(text: string, limits: MessageLimits): DnodeMessage {
  const message = parseMessage(text, limits);
  const found = mayHoldInexact(text) ? findNumber(text, (literal) => !isExact(literal)) : undefined;
  return found ? { ...message, problem: inexactError(found) } : message;
}

/** Parses a message with numbers as they are written, as long as there are not too many that JavaScript would write differently. */
function parseWithLiterals(text: string, limits: MessageLimits): DnodeMessage {
  let literals = 0;
  let changed = false;
  const isLiteral = (literal: string): boolean => {
    if (++literals <= NUMBER_LITERALS) return true;
    changed ||= !isExact(literal);
    return false;
  };
  const message = parseMessage(text, limits, (json) => parseLiterally(json, isLiteral));
  return changed ? { ...message, problem: tooManyError(message) } : message;
}

function tooManyError({ method }: DnodeMessage): Error {
  const message = `A message contains more than ${NUMBER_LITERALS} numbers that JavaScript may not represent: send them as strings`;
  return typeof method === 'string'
    ? codedError('argumentError', 'inexactNumber', message)
    : codedError('invalidResponse', 'inexactResult', message);
}

const ARGUMENTS = ['arguments', '0', 'withArgs'];
const RESULT = ['arguments', '0', 'result'];

function inexactError({ path, literal }: LocatedLiteral): Error {
  const number = literal.slice(0, QUOTED_LENGTH);
  const place = (keys: readonly string[], of: string): string =>
    keys.length === 0 ? `that is the ${of}` : `at "${keys.join('.')}" of the ${of}`;
  if (startsWith(path, RESULT)) {
    const message = `The number ${number} ${place(path.slice(RESULT.length), 'result')} cannot be represented exactly: set the option "numbers" of the kite`;
    return codedError('invalidResponse', 'inexactResult', message);
  }
  const where = startsWith(path, ARGUMENTS)
    ? place(path.slice(ARGUMENTS.length), 'arguments')
    : place(path, 'message');
  const message = `The number ${number} ${where} cannot be represented exactly: send it as a string`;
  return codedError('argumentError', 'inexactNumber', message);
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => path[index] === key);
}
