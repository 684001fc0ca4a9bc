import { type DnodeMessage, type MessageLimits, parseMessage } from '../../dnode/dnode-message.js';
import { type MessageJson, roundedJson } from '../../dnode/message-json.js';
import { type Scrubbed, scrub } from '../../dnode/scrub.js';
import { codedError, ConfigurationError } from '../../protocol/errors.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { isExact, mayHoldInexact } from '../../util/exact-number.js';
import { parseLiterally, parseNumbers, stringifyLiterals } from '../../util/literal-json.js';
import { isNumberLiteral, type NumberLiteral } from '../../util/number-literal.js';
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
  literal: (text, limits) => parseMessage(text, limits, parseLiterally),
};

function scrubLiterals(value: unknown, maxDepth: number): Scrubbed {
  return scrub(value, maxDepth, stringifyLiterals);
}

/** Parses a message. If its values contain a number that is not exact, the message has a problem. */
function parseExactly(text: string, limits: MessageLimits): DnodeMessage {
  if (!mayHoldInexact(text)) return parseMessage(text, limits);
  let anyInexact = false;
  const isInexact = (literal: string): boolean => {
    const inexact = !isExact(literal);
    anyInexact ||= inexact;
    return inexact;
  };
  const message = parseMessage(text, limits, (json) => parseNumbers(json, isInexact));
  if (!anyInexact) return message;
  const found = findInMessage(message);
  // The rest of the envelope does not reach the program as numbers.
  return found ? { ...message, problem: inexactError(found) } : parseMessage(text, limits);
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
