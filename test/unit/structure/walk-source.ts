import {
  isAsExpression,
  isBinaryExpression,
  isIdentifier,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isParenthesizedExpression,
  isPrivateIdentifier,
  isPropertyAccessExpression,
  isPropertyDeclaration,
  isSatisfiesExpression,
  isStringLiteral,
  isVariableDeclaration,
  type Expression,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';

/** Returns every node of a file, in order. */
export function nodesOf(file: Node): Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return nodes;
}

/** Returns the initializers of the variables and fields of a file by name, such as `LIMIT` or `#limit`. */
export function initializersOf(file: SourceFile): ReadonlyMap<string, Expression> {
  const initializers = new Map<string, Expression>();
  for (const node of nodesOf(file)) {
    if ((isVariableDeclaration(node) || isPropertyDeclaration(node)) && node.initializer) {
      const name = nameOf(node.name);
      if (name !== undefined) initializers.set(name, node.initializer);
    }
  }
  return initializers;
}

/** Returns the name that an expression ends with: `size` for `this.#map.size`. */
export function nameOf(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  if (isIdentifier(node) || isPrivateIdentifier(node) || isStringLiteral(node)) return node.text;
  if (isPropertyAccessExpression(node)) return node.name.text;
  const inner = unwrap(node);
  return inner === node ? undefined : nameOf(inner);
}

/** Returns an expression without the parentheses and type assertions around it. */
export function unwrap(node: Node): Node {
  return isParenthesizedExpression(node) || isAsExpression(node) || isSatisfiesExpression(node)
    ? unwrap(node.expression)
    : node;
}

/** Returns the string that an expression is, also through a constant of the file. */
export function stringOf(
  node: Node | undefined,
  initializers: ReadonlyMap<string, Expression>,
): string | undefined {
  const value = node && unwrap(node);
  if (!value) return undefined;
  if (isStringLiteral(value) || isNoSubstitutionTemplateLiteral(value)) return value.text;
  const name = isIdentifier(value) || isPropertyAccessExpression(value) ? nameOf(value) : undefined;
  const initializer = name === undefined ? undefined : initializers.get(name);
  return initializer && initializer !== node ? stringOf(initializer, new Map()) : undefined;
}

/** Returns the number that an expression of literals is, such as `64 * 1024`. */
export function numberOf(node: Node | undefined): number | undefined {
  const value = node && unwrap(node);
  if (!value) return undefined;
  if (isNumericLiteral(value)) return Number(value.text.replaceAll('_', ''));
  if (!isBinaryExpression(value)) return undefined;
  const [left, right] = [numberOf(value.left), numberOf(value.right)];
  if (left === undefined || right === undefined) return undefined;
  const operator = value.operatorToken.kind;
  if (operator === SyntaxKind.AsteriskToken) return left * right;
  if (operator === SyntaxKind.AsteriskAsteriskToken) return left ** right;
  if (operator === SyntaxKind.PlusToken) return left + right;
  if (operator === SyntaxKind.MinusToken) return left - right;
  if (operator === SyntaxKind.LessThanLessThanToken) return left * 2 ** right;
  return operator === SyntaxKind.SlashToken ? left / right : undefined;
}
