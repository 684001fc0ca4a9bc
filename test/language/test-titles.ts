import {
  type CallExpression,
  type Expression,
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
  SyntaxKind,
} from 'typescript/unstable/ast';

/** A title of a test or of a group of tests, as it is written in a file. */
export interface TestTitle {
  readonly file: string;
  /** The line of the title, or of its row in the table of `each`, from 1. */
  readonly line: number;
  readonly kind: 'test' | 'group';
  /** The title as far as it is static; `…` replaces every part that is not. */
  readonly title: string;
  readonly template: string;
  /** The titles of the groups around it, from the outermost. */
  readonly groups: readonly string[];
}

const KINDS: Record<string, TestTitle['kind']> = { describe: 'group', it: 'test', test: 'test' };

/** Replaces a part of a title that is known only when the tests run. */
const DYNAMIC = '…';

/** Collects the titles of all tests in a file. A title of `it.each` is listed once for each row of a static table. */
export function titlesOf(file: string, tree: SourceFile): TestTitle[] {
  const declarations = constantsOf(tree);
  const titles: TestTitle[] = [];
  visit(tree, []);
  return titles;

  function visit(node: Node, groups: readonly string[]): void {
    const definition = isCallExpression(node) ? definitionOf(node) : undefined;
    if (!definition) return node.forEachChild((child) => visit(child, groups));
    const { kind, template, table, body } = definition;
    const text = staticText(template, declarations);
    for (const { title, node: origin } of expanded(text, template, table)) {
      const line = tree.getLineAndCharacterOfPosition(origin.getStart(tree)).line + 1;
      titles.push({ file, line, kind, title, groups, template: text });
    }
    for (const part of body) visit(part, kind === 'group' ? [...groups, text] : groups);
  }

  function expanded(text: string, template: Node, table?: Expression) {
    const rows = table && text.replaceAll('%%', '').match(/%[a-z]|\$\w/) ? rowsOf(table, declarations) : [];
    if (rows.length === 0) return [{ title: table ? withoutPlaceholders(text) : text, node: template }];
    return rows.map((row) => ({ title: formatted(text, row, declarations), node: row }));
  }
}

interface Definition {
  readonly kind: TestTitle['kind'];
  readonly template: Expression;
  readonly table: Expression | undefined;
  readonly body: readonly Expression[];
}

/** Recognizes `it('…', …)`, `it.only('…', …)`, `it.each(table)('…', …)` and `describe.skipIf(condition)('…', …)`. */
function definitionOf(call: CallExpression): Definition | undefined {
  const [template, ...body] = call.arguments;
  const names: string[] = [];
  let table: Expression | undefined;
  let callee: Expression = call.expression;
  while (isCallExpression(callee) || isPropertyAccessExpression(callee)) {
    if (isPropertyAccessExpression(callee)) names.push(callee.name.text);
    else if (isEach(callee)) [table] = callee.arguments;
    callee = callee.expression;
  }
  const kind = isIdentifier(callee) ? KINDS[callee.text] : undefined;
  const modifiers = ['concurrent', 'each', 'fails', 'for', 'only', 'runIf', 'sequential', 'skip', 'skipIf'];
  // `it.each(table)` alone is the callee of the call that has the title.
  if (!kind || !template || body.length === 0 || !names.every((name) => modifiers.includes(name)))
    return undefined;
  return { kind, template, table, body };
}

function isEach(call: CallExpression): boolean {
  return isPropertyAccessExpression(call.expression) && ['each', 'for'].includes(call.expression.name.text);
}

type Constants = ReadonlyMap<string, Node>;

function constantsOf(tree: SourceFile): Constants {
  const constants = new Map<string, Node>();
  visit(tree);
  return constants;

  function visit(node: Node): void {
    if (isVariableDeclaration(node) && isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, unwrapped(node.initializer));
    }
    node.forEachChild(visit);
  }
}

/** Removes parentheses, `as const` and `satisfies`. */
function unwrapped(node: Node): Node {
  return isParenthesizedExpression(node) || isAsExpression(node) || isSatisfiesExpression(node)
    ? unwrapped(node.expression)
    : node;
}

function resolved(node: Node, constants: Constants): Node {
  const inner = unwrapped(node);
  return isIdentifier(inner) ? (constants.get(inner.text) ?? inner) : inner;
}

/** Returns the rows of a table, or none if the table is computed. */
function rowsOf(table: Expression, constants: Constants): readonly Node[] {
  const value = resolved(table, constants);
  if (isArrayLiteralExpression(value)) {
    return value.elements.flatMap((row) =>
      isSpreadElement(row) ? rowsOf(row.expression, constants) : [resolved(row, constants)],
    );
  }
  if (!isCallExpression(value) || !isPropertyAccessExpression(value.expression)) return [];
  const { name, expression } = value.expression;
  const [argument] = value.arguments;
  // `Object.entries(record)` and `Object.keys(record)`: the key is what titles contain.
  if (!argument || !isIdentifier(expression) || expression.text !== 'Object') return [];
  const record = resolved(argument, constants);
  if (!['entries', 'keys'].includes(name.text) || !isObjectLiteralExpression(record)) return [];
  return record.properties.flatMap((property) => (isPropertyAssignment(property) ? [property.name] : []));
}

function formatted(template: string, row: Node, constants: Constants): string {
  const cells: readonly Node[] = isArrayLiteralExpression(row) ? row.elements : [row];
  let next = 0;
  return template
    .replaceAll(/%([a-z%])/g, (_, letter: string) =>
      letter === '%' ? '%' : staticText(cells[next++], constants),
    )
    .replaceAll(/\$(\w+)(\.\w+)*/g, (_, name: string, rest?: string) =>
      rest ? DYNAMIC : memberText(row, name, constants),
    );
}

function memberText(row: Node, name: string, constants: Constants): string {
  if (isArrayLiteralExpression(row)) {
    const cell = row.elements[Number(name)];
    return cell ? staticText(cell, constants) : DYNAMIC;
  }
  if (!isObjectLiteralExpression(row)) return DYNAMIC;
  for (const property of row.properties) {
    if (isPropertyAssignment(property) && property.name.getText() === name)
      return staticText(property.initializer, constants);
    if (isShorthandPropertyAssignment(property) && property.name.getText() === name)
      return staticText(property.name, constants);
  }
  return DYNAMIC;
}

function withoutPlaceholders(text: string): string {
  return text.replaceAll(/%[a-z]|\$\w+(?:\.\w+)*/g, DYNAMIC);
}

/** Returns the value of an expression as a title contains it. */
function staticText(expression: Node | undefined, constants: Constants): string {
  if (!expression) return DYNAMIC;
  const node = resolved(expression, constants);
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isNumericLiteral(node))
    return node.text;
  if (isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (text, span) => text + staticText(span.expression, constants) + span.literal.text,
      node.head.text,
    );
  }
  if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.PlusToken) {
    return staticText(node.left, constants) + staticText(node.right, constants);
  }
  return DYNAMIC;
}
