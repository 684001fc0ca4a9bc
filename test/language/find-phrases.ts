import { BANNED_PHRASES, type BannedPhrase } from './banned-phrases.js';

export interface Finding {
  readonly phrase: BannedPhrase;
  /** What was found. */
  readonly text: string;
  /** Its line, from 1. */
  readonly line: number;
}

/** Finds what nobody is to write here, in a text of any kind. */
export function findPhrases(text: string): Finding[] {
  return BANNED_PHRASES.flatMap((phrase) =>
    [...text.matchAll(anywhere(phrase))].map((match) => ({
      phrase,
      text: match[0].trim(),
      line: text.slice(0, match.index).split('\n').length,
    })),
  );
}

/** Any white space between the words, which a comment may begin a line with; any case. */
function anywhere({ phrase }: BannedPhrase): RegExp {
  return new RegExp(phrase.source.replaceAll(' ', String.raw`\s+(?:(?:\*|//|#)\s+)?`), 'gim');
}

/** A line for a list of what is to be changed. */
export function described(file: string, { phrase, text, line }: Finding): string {
  return `${file}:${line}: "${text}": write "${phrase.better}" (${phrase.reason})`;
}
