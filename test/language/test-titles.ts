import {
  type CallExpression,
  type Identifier,
  isArrayLiteralExpression,
  isAsExpression,
  isBinaryExpression,
  isCallExpression,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isObjectLiteralExpression,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isSatisfiesExpression,
  isShorthandPropertyAssignment,
  isSpreadElement,
  isStringLiteral,
  isTemplateExpression,
  isVariableDeclaration,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';

/** A title in a test file. */
export interface TestTitle {
  readonly kind: 'test' | 'group';
  /** The line of the title, or of the row that it is made from, from 1. */
  readonly line: number;
  /** The title with the values of its row; `…` replaces each value that is known only when the tests run. */
  readonly title: string;
  /** The title before the values of a row are inserted. */
  readonly template: string;
}

const KINDS = new Map<string, TestTitle['kind']>([
  ['describe', 'group'],
  ['it', 'test'],
  ['test', 'test'],
]);
const EACH = new Set(['each', 'for']);
const MODIFIERS = new Set([
  ...EACH,
  'concurrent',
  'fails',
  'only',
  'runIf',
  'sequential',
  'skip',
  'skipIf',
  'todo',
]);
const DYNAMIC = '…';
const PLACEHOLDER = /%(?:\.\d+)?[a-z]|\$[\w.]+/g;

/** Returns the titles of all tests and groups in a file, those of `it.each` once for each row of a static table. */
export function titlesOf(file: SourceFile): TestTitle[] {
  const constants = constantsOf(file);
  const titles: TestTitle[] = [];
  visit(file);
  return titles;

  function visit(node: Node): void {
    if (isCallExpression(node)) addTitles(node);
    node.forEachChild(visit);
  }

  function addTitles(call: CallExpression): void {
    const [title, ...body] = call.arguments;
    const definition = definitionOf(call);
    if (!definition || !title || body.length === 0) return;
    const { kind, table } = definition;
    const template = staticText(title, constants);
    const rows = table && template.match(PLACEHOLDER) ? rowsOf(table, constants) : [];
    if (rows.length === 0) {
      const text = table ? template.replaceAll(PLACEHOLDER, DYNAMIC) : template;
      titles.push({ kind, line: lineOf(title), title: text, template });
    }
    for (const row of rows) {
      titles.push({ kind, line: lineOf(row), title: withRow(template, row, constants), template });
    }
  }

  function lineOf(node: Node): number {
    return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  }
}

interface Definition {
  readonly kind: TestTitle['kind'];
  /** The rows of `it.each`. */
  readonly table?: Node | undefined;
}

/** Recognizes calls such as `it(…)`, `it.only(…)`, `it.each(table)(…)` and `describe.skipIf(condition)(…)`. */
function definitionOf(call: CallExpression): Definition | undefined {
  let callee: Node = call.expression;
  let table: Node | undefined;
  while (isCallExpression(callee) || isPropertyAccessExpression(callee)) {
    if (isPropertyAccessExpression(callee) && !MODIFIERS.has(callee.name.text)) return undefined;
    const { expression } = callee;
    if (
      isCallExpression(callee) &&
      isPropertyAccessExpression(expression) &&
      EACH.has(expression.name.text)
    ) {
      [table] = callee.arguments;
    }
    callee = expression;
  }
  const kind = isIdentifier(callee) ? KINDS.get(callee.text) : undefined;
  return kind && { kind, table };
}

/** The initializers of the variables in a file, by name. */
type Constants = ReadonlyMap<string, Node>;

function constantsOf(file: SourceFile): Constants {
  const constants = new Map<string, Node>();
  visit(file);
  return constants;

  function visit(node: Node): void {
    if (isVariableDeclaration(node) && isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    node.forEachChild(visit);
  }
}

/** Returns the value of an expression without type assertions; that of a variable is its initializer. */
function valueOf(node: Node, constants: Constants): Node {
  if (isParenthesizedExpression(node) || isAsExpression(node) || isSatisfiesExpression(node)) {
    return valueOf(node.expression, constants);
  }
  const initializer = isIdentifier(node) ? constants.get(node.text) : undefined;
  return initializer ? valueOf(initializer, constants) : node;
}

/** Returns the rows of a table, or none if the table is computed. */
function rowsOf(table: Node, constants: Constants): readonly Node[] {
  const value = valueOf(table, constants);
  if (isArrayLiteralExpression(value)) {
    return value.elements.flatMap((row) =>
      isSpreadElement(row) ? rowsOf(row.expression, constants) : [row],
    );
  }
  if (!isCallExpression(value) || !/^Object\.(?:entries|keys)$/.test(value.expression.getText())) return [];
  const [argument] = value.arguments;
  const record = argument && valueOf(argument, constants);
  if (!record || !isObjectLiteralExpression(record)) return [];
  return record.properties.flatMap((property) => (isPropertyAssignment(property) ? [property.name] : []));
}

/** Inserts the values of a row as vitest does. */
function withRow(template: string, row: Node, constants: Constants): string {
  const value = valueOf(row, constants);
  const cells: Node[] = isArrayLiteralExpression(value) ? [...value.elements] : [value];
  return template.replaceAll(PLACEHOLDER, (placeholder) => {
    if (placeholder.startsWith('%')) return staticText(cells.shift(), constants);
    return staticText(memberOf(value, placeholder.slice(1)), constants);
  });
}

function memberOf(row: Node, name: string): Node | undefined {
  if (!isObjectLiteralExpression(row)) return undefined;
  for (const property of row.properties) {
    if (isPropertyAssignment(property) && property.name.getText() === name) return property.initializer;
    if (isShorthandPropertyAssignment(property) && property.name.getText() === name) return property.name;
  }
  return undefined;
}

function isKey(node: Node): node is Identifier {
  return isIdentifier(node) && isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** Returns the text of an expression as far as it is static. */
function staticText(expression: Node | undefined, constants: Constants): string {
  if (!expression) return DYNAMIC;
  if (isKey(expression)) return expression.text;
  const node = valueOf(expression, constants);
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isNumericLiteral(node))
    return node.text;
  if (isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      (span) => staticText(span.expression, constants) + span.literal.text,
    );
    return node.head.text + spans.join('');
  }
  if (isBinaryExpression(node) && node.operatorToken.getText() === '+') {
    return staticText(node.left, constants) + staticText(node.right, constants);
  }
  return DYNAMIC;
}
