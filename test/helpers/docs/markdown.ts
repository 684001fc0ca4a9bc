/** A fenced block of a document. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The number of the first line of its text, from 1. */
  readonly line: number;
  /** The file name in the paragraph before it: "Save this as `hello.ts`:". */
  readonly fileName: string | undefined;
}

export interface Span {
  readonly text: string;
  readonly line: number;
}

export interface Link extends Span {
  readonly destination: string;
}

/** A parsed Markdown document. */
export interface Document {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Code between backticks, outside of blocks. */
  readonly codes: readonly Span[];
  readonly links: readonly Link[];
  /** The anchors of the headings, as GitHub generates them. */
  readonly anchors: ReadonlySet<string>;
  /** The lines outside of blocks, with inline code blanked. */
  readonly prose: readonly Span[];
  /** The lines on which an indented block starts, which has no language. */
  readonly indented: readonly number[];
}

const FENCE = /^( {0,3})(`{3,})([\w-]*)\s*$/;
const HEADING = /^(#{1,6}) +(.*?)(?: +#+)?$/;
const FILE_NAME = /\bSave this as `([\w.-]+\.\w+)`:$/;

/** Parses a document. It supports the Markdown that this repository uses. */
export function parseDocument(path: string, source: string): Document {
  const lines = source.split('\n');
  const blocks: Block[] = [];
  const anchors = new Set<string>();
  const indented: number[] = [];
  const prose: string[] = [];
  let before = '';
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const fence = FENCE.exec(line);
    if (fence) {
      const [, indent = '', marks = '', language = ''] = fence;
      const end = lines.findIndex((each, at) => at > index && each.trimEnd() === indent + marks);
      if (end === -1) throw new Error(`${path}:${index + 1}: a block that does not end`);
      const text = lines
        .slice(index + 1, end)
        .map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each))
        .join('\n');
      const fileName = FILE_NAME.exec(before.trimEnd())?.[1];
      blocks.push({ language, text, line: index + 2, fileName });
      prose.push(...lines.slice(index, end + 1).map(() => ''));
      index = end;
      before = '';
      continue;
    }
    if (line.startsWith('    ') && line.trim() !== '' && (lines[index - 1] ?? '').trim() === '')
      indented.push(index + 1);
    const heading = HEADING.exec(line);
    if (heading) addAnchor(heading[2] ?? '', anchors);
    if (line.trim() !== '')
      before = (lines[index - 1] ?? '').trim() === '' ? line : `${before} ${line.trim()}`;
    prose.push(line);
  }
  const text = prose.join('\n');
  const codes = codeSpans(text);
  const withoutCode = blank(text, codes);
  return {
    path,
    blocks,
    anchors,
    indented,
    codes: codes.map(({ start, text: code }) => ({ text: code, line: lineAt(text, start) })),
    links: linksOf(text, withoutCode),
    prose: withoutCode.split('\n').map((line, index) => ({ text: line, line: index + 1 })),
  };
}

interface CodeSpan {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Code between backticks, within one paragraph. */
function codeSpans(text: string): CodeSpan[] {
  return [...text.matchAll(/(?<!`)(`+)(?!`)((?:(?!\n\s*\n)[^])*?[^`])\1(?!`)/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: (match[2] ?? '').replace(/\s*\n\s*/g, ' ').trim(),
  }));
}

/** Replaces code with neutral characters of the same length, except for line ends. */
function blank(text: string, codes: readonly CodeSpan[]): string {
  let result = text;
  for (const { start, end } of codes) {
    const filler = text.slice(start, end).replace(/[^\n]/g, '_');
    result = result.slice(0, start) + filler + result.slice(end);
  }
  return result;
}

function linksOf(text: string, withoutCode: string): Link[] {
  const inline = [...withoutCode.matchAll(/\[([^\][]*)\]\(([^()\s]+)\)/g)];
  const definitions = [...withoutCode.matchAll(/^\[([^\]]+)\]: +(\S+)$/gm)];
  return [...inline, ...definitions].map((match) => ({
    text: text.slice(match.index, match.index + match[0].length),
    destination: match[2] ?? '',
    line: lineAt(text, match.index),
  }));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Adds the anchor that GitHub generates for a heading. */
function addAnchor(heading: string, anchors: Set<string>): void {
  const slug = heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
    .replaceAll(' ', '-');
  let anchor = slug;
  for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
  anchors.add(anchor);
}
