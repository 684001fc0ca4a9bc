import {
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isIdentifier,
  isNewExpression,
  isParameterDeclaration,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPrivateIdentifier,
  isPropertyAssignment,
  isPropertyDeclaration,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { nameOf, nodesOf, numberOf, unwrap } from './walk-source.js';

const ORDER: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.GreaterThanEqualsToken,
  SyntaxKind.GreaterThanToken,
  SyntaxKind.LessThanEqualsToken,
  SyntaxKind.LessThanToken,
]);
const COMPARISONS: ReadonlySet<SyntaxKind> = new Set([...ORDER, SyntaxKind.EqualsEqualsEqualsToken]);
const ASSIGNMENTS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.EqualsToken,
  SyntaxKind.MinusEqualsToken,
  SyntaxKind.PlusEqualsToken,
]);
/** Functions that truncate or clamp. */
const CLAMPS = /^(?:max|min|slice|subarray|substring)$/;
/** Classes that hold a limited number of values. */
const CONTAINERS = /(?:[cC]ache|Map|Bucket|Gate)$/;
/** What a number in a comparison measures, if it may be a limit. */
const MEASURES = /(?:[bB]ytes|[cC]ount|[lL]ength|[sS]ize)$/;

/** Returns the numbers of a file that bound something in it or in a file that imports them: names of constants, and literals. */
export function bounds(file: SourceFile, importing: readonly SourceFile[] = []): string[] {
  const { names, literals } = comparisonsOf(file);
  const elsewhere = new Set(importing.flatMap((other) => [...comparisonsOf(other).names]));
  const declared = constantsOf(nodesOf(file))
    .filter(({ name, isVariable }) => names.has(name) || (isVariable && elsewhere.has(name)))
    .map(({ name }) => name);
  return [...new Set([...declared, ...literals])];
}

interface Comparisons {
  readonly names: Set<string>;
  readonly literals: readonly string[];
}

/** Returns the names and literals that a file compares, or that truncate or limit something in it. */
function comparisonsOf(file: SourceFile): Comparisons {
  const names = new Set<string>();
  const literals: string[] = [];
  const use = (node: Node, isLiteralBound: boolean): void => {
    const literal = numberOf(node);
    if (literal !== undefined) {
      if (isLiteralBound && literal >= 10) literals.push(node.getText());
      return;
    }
    for (const part of operandsOf(node)) {
      const name = nameOf(part);
      if (name !== undefined) names.add(name);
    }
  };
  for (const node of nodesOf(file)) {
    if (isBinaryExpression(node)) {
      const operator = node.operatorToken.kind;
      if (COMPARISONS.has(operator)) {
        const measured = ORDER.has(operator) && [node.left, node.right].some((side) => isMeasure(side));
        use(node.left, measured);
        use(node.right, measured);
      } else if (operator === SyntaxKind.PlusEqualsToken) use(node.right, false);
    } else if (isCallExpression(node) && CLAMPS.test(nameOf(node.expression) ?? '')) {
      const truncates = nameOf(node.expression) === 'slice' && numberOf(node.arguments[0]) === 0;
      for (const argument of node.arguments) use(argument, truncates && !isDigest(node));
    } else if (isNewExpression(node) && CONTAINERS.test(nameOf(node.expression) ?? '')) {
      for (const argument of node.arguments ?? []) use(argument, true);
    }
  }
  return { names, literals };
}

/** The operands of a sum or product, each without its sign. */
function operandsOf(node: Node): Node[] {
  const value = unwrap(node);
  if (isBinaryExpression(value)) return [...operandsOf(value.left), ...operandsOf(value.right)];
  return isPrefixUnaryExpression(value) ? operandsOf(value.operand) : [value];
}

function isMeasure(node: Node): boolean {
  const value = unwrap(node);
  const name = isCallExpression(value) ? nameOf(value.expression) : nameOf(value);
  return MEASURES.test(name ?? '');
}

/** Whether a call shortens a digest, whose length the program decides. */
function isDigest(node: Node): boolean {
  return /\.digest\([^)]*\)\.slice\(/.test(node.getText());
}

interface Constant {
  readonly name: string;
  /** Whether other files can import it. */
  readonly isVariable: boolean;
}

/** The names that a file initializes with a number and does not assign again: constants, fields, properties and parameters. */
function constantsOf(nodes: readonly Node[]): Constant[] {
  const assigned = new Set<string>();
  const declared: Constant[] = [];
  for (const node of nodes) {
    if (isBinaryExpression(node) && ASSIGNMENTS.has(node.operatorToken.kind)) {
      assigned.add(nameOf(node.left) ?? '');
    } else if (isPostfixUnaryExpression(node) || isPrefixUnaryExpression(node)) {
      if (node.operator !== SyntaxKind.MinusToken && node.operator !== SyntaxKind.ExclamationToken)
        assigned.add(nameOf(node.operand) ?? '');
    } else if (
      isVariableDeclaration(node) ||
      isPropertyDeclaration(node) ||
      isPropertyAssignment(node) ||
      isParameterDeclaration(node) ||
      isBindingElement(node)
    ) {
      const { name } = node;
      const isName = name !== undefined && (isIdentifier(name) || isPrivateIdentifier(name));
      if (isName && isAmount(node.initializer)) {
        declared.push({ name: name.text, isVariable: isVariableDeclaration(node) });
      }
    }
  }
  return declared.filter(({ name }) => !assigned.has(name));
}

/** Whether a value is a number above 1 that is not a code: characters and modes are written in hexadecimal and octal. */
function isAmount(value: Node | undefined): boolean {
  return value !== undefined && (numberOf(value) ?? 0) > 1 && !/^0[xob]/i.test(value.getText());
}
