import { type DnodeMessage, type MessageLimits, parseMessage } from '../../dnode/dnode-message.js';
import { type MessageJson, roundedJson } from '../../dnode/message-json.js';
import { type Scrubbed, scrub } from '../../dnode/scrub.js';
import { codedError, ConfigurationError } from '../../protocol/errors.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { isExact, isPlain, mayHoldInexact } from '../../util/exact-number.js';
import { parseLiterally, parseNumbers, stringifyLiterals } from '../../util/literal-json.js';
import { isNumberLiteral, type NumberLiteral } from '../../util/number-literal.js';
import { NUMBER_LITERALS } from '../limits/kite-limits.js';
import { record } from '../../util/record.js';

/** What happens to numbers of peers that JavaScript cannot represent; see `KiteOptions.numbers`. */
export type Numbers = 'exact' | 'rounded' | 'literal';

/**
 * Returns the conversion of messages for a value of the option `numbers`. Each sends a NumberLiteral as it is written.
 *
 * @throws ConfigurationError for another value
 */
export function messageJson(numbers: Numbers): MessageJson {
  if (!Object.hasOwn(parsers, numbers)) {
    const message = `The option numbers is ${JSON.stringify(numbers)}; it must be "exact", "rounded" or "literal"`;
    throw new ConfigurationError('badValue', message);
  }
  return { parse: parsers[numbers], scrub: scrubLiterals };
}

const parsers: Readonly<Record<Numbers, MessageJson['parse']>> = {
  exact: parseExactly,
  rounded: roundedJson.parse,
  literal: parseWithLiterals,
};

function scrubLiterals(value: unknown, maxDepth: number): Scrubbed {
  return scrub(value, maxDepth, stringifyLiterals);
}

// Ends the search for numbers. Has no stack, which nobody reads.
const TOO_MANY = Symbol('too many numbers');

/** Parses a message. If its values contain a number that is not exact, the message has a problem. */
function parseExactly(text: string, limits: MessageLimits): DnodeMessage {
  if (!mayHoldInexact(text)) return parseMessage(text, limits);
  let anyInexact = false;
  let unusual = 0;
  const isInexact = (literal: string): boolean => {
    if (isPlain(literal)) return false;
    if (++unusual > NUMBER_LITERALS) throw TOO_MANY;
    const inexact = !isExact(literal);
    anyInexact ||= inexact;
    return inexact;
  };
  const message = parseMessage(text, limits, (json) => {
    try {
      return parseNumbers(json, isInexact);
    } catch (error) {
      if (error !== TOO_MANY) throw error;
      return JSON.parse(json) as unknown;
    }
  });
  if (unusual > NUMBER_LITERALS) return { ...message, problem: tooManyError(message) };
  if (!anyInexact) return message;
  const found = findInMessage(message);
  // The rest of the envelope does not reach the program as numbers.
  return found ? { ...message, problem: inexactError(found) } : parseMessage(text, limits);
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

interface FoundLiteral {
  readonly content: 'arguments' | 'result';
  readonly path: readonly string[];
  readonly literal: NumberLiteral;
}

function findInMessage({ method, args }: DnodeMessage): FoundLiteral | undefined {
  const envelope = record(args[0]);
  if (typeof method === 'string' || Object.hasOwn(envelope, 'withArgs'))
    return findLiteral('arguments', envelope['withArgs'], []);
  return (
    (Object.hasOwn(envelope, 'result') && findLiteral('result', envelope['result'], [])) ||
    findLiteral('arguments', args, [])
  );
}

/** Returns the first literal in a value. The depth of the value is limited. */
function findLiteral(
  content: FoundLiteral['content'],
  value: unknown,
  path: readonly string[],
): FoundLiteral | undefined {
  if (isNumberLiteral(value)) return { content, path, literal: value };
  for (const [key, item] of Object.entries(record(value))) {
    const found = findLiteral(content, item, [...path, key]);
    if (found) return found;
  }
  return undefined;
}

function tooManyError({ method }: DnodeMessage): Error {
  const message = `A message contains more than ${NUMBER_LITERALS} numbers that JavaScript may not represent: send them as strings`;
  return typeof method === 'string'
    ? codedError('argumentError', 'inexactNumber', message)
    : codedError('invalidResponse', 'inexactResult', message);
}

function inexactError({ content, path, literal }: FoundLiteral): Error {
  const at = path.length === 0 ? `is the ${content}` : `at "${path.join('.')}" of the ${content}`;
  const number = literal.text.slice(0, QUOTED_LENGTH);
  return content === 'arguments'
    ? codedError(
        'argumentError',
        'inexactNumber',
        `The number ${number} ${at} cannot be represented exactly: send it as a string`,
      )
    : codedError(
        'invalidResponse',
        'inexactResult',
        `The number ${number} ${at} cannot be represented exactly: set the option "numbers" of the kite`,
      );
}
