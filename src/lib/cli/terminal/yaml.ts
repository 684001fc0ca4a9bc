import { Document, isScalar, visit } from 'yaml';
import { hasHidden, replaceHidden } from '../../util/make-visible.js';
import { writeLiterals } from '../../util/literal-json.js';
import { toJson } from '../runtime/json.js';

/** Formats a value as a YAML document. Numbers are as they were received. Control characters are escaped, as in JSON. */
export function toYaml(value: unknown): string {
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
