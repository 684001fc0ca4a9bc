import { Document, isScalar, visit } from 'yaml';
import { CONTROL, escapeControl, toJson } from '../runtime/json.js';

// oxlint-disable-next-line no-control-regex -- matches control characters
const NOT_PLAIN = new RegExp(`[\\u0000-\\u0009\\u000b-\\u001f]|${CONTROL.source}`);

/** Formats a value as a YAML document. Control characters are escaped, as in JSON. */
export function toYaml(value: unknown): string {
  // Converting through JSON makes both formats contain the same values.
  const document = new Document(JSON.parse(toJson(value)));
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && NOT_PLAIN.test(node.value)) {
        node.type = 'QUOTE_DOUBLE';
      }
    },
  });
  return escapeControl(document.toString({ lineWidth: 0 }));
}
