/** The words of a command, without quotes. Variables are not expanded. */
export type Words = readonly string[];

const OPERATOR = /^(?:\|\||&&|;;|[|&;(){}\n])/;
const REDIRECTION = /^(?:\d*|&)(?:>>|>&|<&|[<>])(?!\()\s*/;
const ASSIGNMENT = /^\w+=/;
/** Words that can precede a command. */
const PREFIXES = new Set(['exec', 'time', 'npx', 'sudo', 'then', 'do', 'else', 'if', 'while', '!']);

/** Splits a script into its commands, including those in `$(…)` and `<(…)`. */
export function commandsOf(script: string): Words[] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  let rest = withoutHereDocuments(script);
  const skip = (count: number): void => {
    rest = rest.slice(count);
  };
  while (rest !== '') {
    const nested = /^(?:\$|<|>)\(/.exec(rest);
    const operator = OPERATOR.exec(rest);
    const redirection = word === undefined ? REDIRECTION.exec(rest) : null;
    const quoted = /^'([^']*)'/.exec(rest);
    if (nested) {
      const end = closing(rest);
      commands.push(...commandsOf(rest.slice(2, end)).map((each) => [...each]));
      word = (word ?? '') + rest.slice(0, end + 1);
      skip(end + 1);
    } else if (rest.startsWith('\\\n')) {
      skip(2);
    } else if (rest.startsWith('#') && word === undefined) {
      skip(rest.search(/\n|$/));
    } else if (redirection) {
      skip(redirection[0].length);
      // The target of a redirection is not an argument.
      const target = /^[^\s|&;)]*/.exec(rest)?.[0] ?? '';
      skip(target.length);
    } else if (quoted) {
      word = (word ?? '') + (quoted[1] ?? '');
      skip(quoted[0].length);
    } else if (rest.startsWith('"')) {
      const string = /^"((?:[^"\\]|\\.)*)"/s.exec(rest)?.[0] ?? rest;
      const content = string.slice(1, -1);
      for (const inner of content.matchAll(/\$\(([^()]*)\)/g))
        commands.push(...commandsOf(inner[1] ?? '').map((each) => [...each]));
      word = (word ?? '') + content.replaceAll('\\"', '"');
      skip(string.length);
    } else if (operator) {
      endCommand();
      skip(operator[0].length);
    } else if (/^\s/.test(rest)) {
      endWord();
      skip(1);
    } else {
      word = (word ?? '') + (rest.startsWith('\\') ? (rest[1] ?? '') : (rest[0] ?? ''));
      skip(rest.startsWith('\\') ? 2 : 1);
    }
  }
  endCommand();
  return commands.map(withoutPrefix).filter((each) => each.length > 0);
}

/** The index of the parenthesis that closes the first one. */
function closing(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '(') depth++;
    if (text[index] === ')' && --depth === 0) return index;
  }
  return text.length;
}

function withoutHereDocuments(script: string): string {
  return script.replace(/<<-?\s*(['"]?)(\w+)\1([^\n]*)\n[^]*?\n\2(?=\n|$)/g, '$3');
}

function withoutPrefix(words: Words): Words {
  const start = words.findIndex((word) => !ASSIGNMENT.test(word) && !PREFIXES.has(word));
  return start === -1 ? [] : words.slice(start);
}
