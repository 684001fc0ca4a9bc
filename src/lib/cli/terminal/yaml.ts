import { Document, isScalar, visit } from 'yaml';
import { CONTROL, escapeControl, toJson } from '../runtime/json.js';

// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const NOT_PLAIN = new RegExp(`[\\u0000-\\u0009\\u000b-\\u001f]|${CONTROL.source}`);

/** A value as a YAML document. Characters that would steer a terminal are escaped, as in JSON. */
export function toYaml(value: unknown): string {
  // What has no JSON form has no form in YAML either; the two say the same.
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
