import { BANNED_PHRASES, type BannedPhrase } from './banned-phrases.js';

export interface Finding {
  readonly phrase: BannedPhrase;
  /** The text that matched. */
  readonly text: string;
  /** Its line, from 1. */
  readonly line: number;
}

/** Finds banned phrases in documents, source, help or messages. */
export function findPhrases(text: string): Finding[] {
  return BANNED_PHRASES.flatMap((phrase) =>
    [...text.matchAll(anywhere(phrase))].map((match) => ({
      phrase,
      text: match[0].trim(),
      line: text.slice(0, match.index).split('\n').length,
    })),
  );
}

/** Matches across line ends, including the prefix of a comment line, and regardless of case. */
function anywhere({ phrase }: BannedPhrase): RegExp {
  return new RegExp(phrase.source.replaceAll(' ', String.raw`\s+(?:(?:\*|//|#)\s+)?`), 'gim');
}

/** Formats a finding as one line with its file and the better phrase. */
export function described(file: string, { phrase, text, line }: Finding): string {
  return `${file}:${line}: "${text}": write "${phrase.better}" (${phrase.reason})`;
}
