import { Document, isScalar, visit } from 'yaml';
import { hasHidden, replaceHidden } from '../../util/make-visible.js';
import { writeLiterals } from '../../util/literal-json.js';
import { plainValue } from '../../util/plain-value.js';
import { toJson } from '../runtime/json.js';
import { type Collection, isLarge, partsOf } from './value-parts.js';

/** Formats a value as a YAML document. Numbers are as they were received. Control characters are escaped, as in JSON. */
export function toYaml(value: unknown): string {
  return Array.from(yamlPieces(value)).join('');
}

/** Formats a value as a YAML document, in pieces: the document of the library takes hundreds of bytes for each value. */
export function* yamlPieces(value: unknown): Generator<string> {
  const plain = plainValue(value);
  if (isLarge(plain)) yield* largeYaml(plain);
  else yield smallYaml(plain);
}

/** The pieces consist of whole lines. */
function* largeYaml(collection: Collection): Generator<string> {
  for (const part of partsOf(collection)) {
    if (part.type === 'entries') {
      yield smallYaml(part.value);
    } else if (Array.isArray(collection)) {
      let start = '- ';
      for (const lines of largeYaml(part.value)) {
        yield start + indented(lines).slice(start.length);
        start = '';
      }
    } else {
      // The library knows how a key is written, which may be quoted or take a line of its own.
      yield `${smallYaml({ [part.key]: 0 }).slice(0, -' 0\n'.length)}\n`;
      for (const lines of largeYaml(part.value)) yield indented(lines);
    }
  }
}

/** Indents lines by one step. Empty lines, of a string with several lines, stay empty. */
function indented(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, '  ');
}

function smallYaml(value: unknown): string {
  return writeLiterals(value, formatYaml);
}

function formatYaml(value: unknown): string {
  // Converting through JSON makes both formats contain the same values.
  const document = new Document(JSON.parse(toJson(value)));
  visit(document, {
    Scalar: (key, node) => {
      if (!isScalar(node) || typeof node.value !== 'string') return;
      // The lines of a string that is the whole document would not be indented.
      if (hasHidden(key === null ? node.value : node.value.replaceAll('\n', ''))) {
        node.type = 'QUOTE_DOUBLE';
      }
    },
  });
  return replaceHidden(document.toString({ lineWidth: 0 }), escapeInYaml);
}

function escapeInYaml(character: string): string {
  if (character === '\n') return character;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
