import { plainValue } from '../../util/plain-value.js';
import { toJson } from '../runtime/json.js';
import { type Collection, isLarge, partsOf } from './value-parts.js';

const INDENT = '  ';

/** Formats a value as JSON with indentation, in pieces, including the final newline. */
export function* indentedJson(value: unknown): Generator<string> {
  const plain = plainValue(value);
  if (isLarge(plain)) yield* largeJson(plain, '');
  else yield toJson(plain, INDENT.length);
  yield '\n';
}

/** Formats a large collection at an indentation, from its bracket to its bracket. */
function* largeJson(collection: Collection, indent: string): Generator<string> {
  const isArray = Array.isArray(collection);
  yield isArray ? '[' : '{';
  let separator = '\n';
  for (const part of partsOf(collection)) {
    yield separator;
    separator = ',\n';
    if (part.type === 'large') {
      yield `${indent}${INDENT}${isArray ? '' : `${toJson(part.key)}: `}`;
      yield* largeJson(part.value, indent + INDENT);
    } else {
      // The lines between the brackets are indented already, by one step.
      const lines = toJson(part.value, INDENT.length).split('\n').slice(1, -1);
      yield lines.map((line) => indent + line).join('\n');
    }
  }
  yield `\n${indent}${isArray ? ']' : '}'}`;
}
