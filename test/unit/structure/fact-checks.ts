import {
  isArrayLiteralExpression,
  isAsExpression,
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isCaseClause,
  isConditionalExpression,
  isElementAccessExpression,
  isFunctionLikeDeclaration,
  isIdentifier,
  isImportSpecifier,
  isNewExpression,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isRegularExpressionLiteral,
  isReturnStatement,
  isStringLiteral,
  isTemplateExpression,
  isTemplateHead,
  isTryStatement,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { initializersOf, nameOf, nodesOf, stringOf } from './walk-source.js';

// These checks read the syntax tree of a file. They also find a constant that is compared by its name, a destructured property
// and a function that is called by another name.

const LOOPBACK = /^(?:\.?localhost|127(?:\.[\d.]*)?|\[?::1\]?|\[?::ffff:(?:127\.|7f)[\w:.]*)$/i;
const LOOPBACK_NETWORK = /127\.0\.0\.0\/8/;
const LOOPBACK_PATTERN = /localhost|\b127(?:[\\(.[]|$)|::1\b|::ffff:7f/;
/** Methods that look for their argument in a name, an address or a set. */
const LOOKUPS = new Set([
  'addAddress',
  'addSubnet',
  'check',
  'endsWith',
  'get',
  'has',
  'includes',
  'indexOf',
  'match',
  'matchAll',
  'search',
  'startsWith',
  'test',
]);
const EQUALITY: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.EqualsEqualsToken,
  SyntaxKind.EqualsEqualsEqualsToken,
  SyntaxKind.ExclamationEqualsToken,
  SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** Whether a file decides if a host or an address is loopback. */
export function decidesLoopback(file: SourceFile): boolean {
  const initializers = initializersOf(file);
  const isLoopback = (node: Node | undefined): boolean => {
    if (node && isNumericLiteral(node)) return node.text === '127';
    return LOOPBACK.test(stringOf(node, initializers) ?? '');
  };
  return nodesOf(file).some((node) => {
    if (isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
      return isLoopback(node.left) || isLoopback(node.right);
    }
    if (isCaseClause(node)) return isLoopback(node.expression);
    if (isArrayLiteralExpression(node)) return node.elements.some(isLoopback);
    if (isRegularExpressionLiteral(node)) return LOOPBACK_PATTERN.test(node.text);
    if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node))
      return LOOPBACK_NETWORK.test(node.text);
    if (!isCallExpression(node) && !isNewExpression(node)) return false;
    if (nameOf(node.expression) === 'RegExp') return LOOPBACK_PATTERN.test(patternOf(node.arguments?.[0]));
    return LOOKUPS.has(nameOf(node.expression) ?? '') && (node.arguments ?? []).some(isLoopback);
  });
}

/** The beginning of a pattern. */
function patternOf(node: Node | undefined): string {
  if (!node) return '';
  if (isTemplateExpression(node)) return node.head.text;
  return isTemplateHead(node) || isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)
    ? node.text
    : '';
}

/** Functions that encode with an encoding. */
const ENCODERS = new Set(['digest', 'hash', 'toString']);
const DECODERS = new Set(['atob', 'decodeBase64Url', 'fromBase64']);

/** Whether a file decodes base64, which is necessary to read the claims of a JWT. */
export function decodesBase64(file: SourceFile): boolean {
  const initializers = initializersOf(file);
  return nodesOf(file).some((node) => {
    if (isIdentifier(node) && DECODERS.has(node.text) && !isImportSpecifier(node.parent)) return true;
    if (!isCallExpression(node) || ENCODERS.has(nameOf(node.expression) ?? '')) return false;
    return node.arguments.some((argument) => /^base64(?:url)?$/.test(stringOf(argument, initializers) ?? ''));
  });
}

/** Whether a file converts a thrown value to its message: `error.message` of an error, and another string of other values. */
export function convertsToMessage(file: SourceFile): boolean {
  return errorTests(file).some(({ value, scope }) =>
    nodesOf(scope).some(
      (node) =>
        isPropertyAccessExpression(node) &&
        node.name.text === 'message' &&
        node.expression.getText() === value &&
        (isConditionalExpression(node.parent) || isReturnStatement(node.parent)),
    ),
  );
}

/** Whether a file converts a thrown value to an error: itself, or a new error with a string of the value. */
export function convertsToError(file: SourceFile): boolean {
  return errorTests(file).some(({ value, scope }) =>
    nodesOf(scope).some(
      (node) =>
        isNewExpression(node) &&
        nameOf(node.expression) === 'Error' &&
        (node.arguments ?? []).some((argument) => argument.getText().includes(`(${value})`)),
    ),
  );
}

interface ErrorTest {
  /** The source of the value whose type is tested. */
  readonly value: string;
  /** The function that contains the test. */
  readonly scope: Node;
}

function errorTests(file: SourceFile): ErrorTest[] {
  return nodesOf(file).flatMap((node) =>
    isBinaryExpression(node) &&
    node.operatorToken.kind === SyntaxKind.InstanceOfKeyword &&
    nameOf(node.right) === 'Error'
      ? [{ value: node.left.getText(), scope: functionOf(node) }]
      : [],
  );
}

function functionOf(node: Node): Node {
  return node.parent === undefined || isFunctionLikeDeclaration(node) ? node : functionOf(node.parent);
}

/** Whether a file uses the environment of the process: `process.env` in any form, or `env` of `node:process`. */
export function usesProcessEnvironment(file: SourceFile): boolean {
  return nodesOf(file).some((node) => {
    if (isPropertyAccessExpression(node)) return node.name.text === 'env' && isProcess(node.expression);
    if (isElementAccessExpression(node)) {
      return isProcess(node.expression) && nameOf(node.argumentExpression) === 'env';
    }
    if (isImportSpecifier(node)) {
      return nameOf(node.propertyName ?? node.name) === 'env' && /process['"]/.test(importOf(node));
    }
    return (
      isVariableDeclaration(node) &&
      isObjectBindingPattern(node.name) &&
      isProcess(node.initializer) &&
      node.name.elements.some((element) => nameOf(element.propertyName ?? element.name) === 'env')
    );
  });
}

function isProcess(node: Node | undefined): boolean {
  return nameOf(node) === 'process';
}

function importOf(node: Node): string {
  return node.parent.parent.parent.getText();
}

const VARIABLE = /^(?:KITE|KONTROL)_[A-Z_]+$/;

/** Returns the names of variables of kites that a file mentions, as strings or as properties. */
export function variableNames(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) {
      return VARIABLE.test(node.text) ? [node.text] : [];
    }
    if (!isIdentifier(node) || !VARIABLE.test(node.text)) return [];
    const isProperty =
      (isPropertyAccessExpression(node.parent) && node.parent.name === node) || isBindingElement(node.parent);
    return isProperty ? [node.text] : [];
  });
}

/** Returns the reads of variables whose names are computed: `env[name]`. */
export function environmentLookups(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) =>
    isElementAccessExpression(node) &&
    /^env(?:ironment)?$/.test(nameOf(node.expression) ?? '') &&
    !isStringLiteral(node.argumentExpression)
      ? [node.getText()]
      : [],
  );
}

/** Whether a file writes the code or the reason of a close frame that has a name. */
export function writesCloseCode(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) =>
      (isNumericLiteral(node) && ['1014', '3000'].includes(node.text)) ||
      (isStringLiteral(node) && node.text === 'Go away!'),
  );
}

/** Whether a file replaces the scheme of a URL of HTTP or WebSocket. */
export function replacesScheme(file: SourceFile): boolean {
  return replacements(file).some((pattern) => /^\/?\^?(?:ws|http)s?:?\/?i?$/.test(pattern));
}

/** Whether a file removes the brackets around an IPv6 address. */
export function removesBrackets(file: SourceFile): boolean {
  return replacements(file).some((pattern) => /^\/\^\\\[.*\\\]\$/.test(pattern));
}

/** Whether a file removes the port of a host. */
export function removesPort(file: SourceFile): boolean {
  return replacements(file).some((pattern) => /^\/:(?:\\d|\[0-9\])[*+]\$/.test(pattern));
}

/** The patterns that a file replaces in strings, as they are written. */
function replacements(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    if (!isCallExpression(node) || !/^replace(?:All)?$/.test(nameOf(node.expression) ?? '')) return [];
    const [pattern] = node.arguments;
    if (pattern && isRegularExpressionLiteral(pattern)) return [pattern.text];
    return pattern && isStringLiteral(pattern) ? [pattern.text] : [];
  });
}

/** Whether a file checks if a path is below a folder. */
export function checksContainment(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) =>
      isCallExpression(node) &&
      nameOf(node.expression) === 'startsWith' &&
      /\bsep\b/.test(node.arguments[0]?.getText() ?? ''),
  );
}

/** Whether a file creates the error for a token that has expired. */
export function createsExpiredError(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) =>
      isNewExpression(node) &&
      nameOf(node.expression) === 'JwtError' &&
      nameOf(node.arguments?.[0]) === 'expired',
  );
}

/** Whether a file converts invalid JSON to undefined, in a function that does nothing else. */
export function convertsInvalidJson(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) =>
      isTryStatement(node) &&
      /^\{\s*return JSON\.parse\([^;]*;\s*\}$/.test(node.tryBlock.getText()) &&
      /^\{\s*return undefined;\s*\}$/.test(node.catchClause?.block.getText() ?? ''),
  );
}

/** Whether a file reads the code of an error of any type. */
export function readsErrorCode(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) => isAsExpression(node) && /^\{\s*(?:readonly )?code\?/.test(node.type.getText()),
  );
}

/** Whether a file responds in plain text. */
export function respondsInText(file: SourceFile): boolean {
  return nodesOf(file).some(
    (node) =>
      isCallExpression(node) && nameOf(node.expression) === 'writeHead' && /text\/plain/.test(node.getText()),
  );
}
