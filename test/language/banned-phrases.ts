/** A phrase that tests reject, with a better one. */
export interface BannedPhrase {
  /** Matched regardless of case; a space matches any white space, including the end of a line. */
  readonly phrase: RegExp;
  /** The phrase to write instead. */
  readonly better: string;
  readonly reason: string;
  /** A sentence that contains the phrase; a test checks that it is found. */
  readonly example: string;
}

const NEGATION = 'Standard English negates the verb: "is not an X", "has no X".';
const GLOSSARY = 'The glossary in CONTRIBUTING.md has one term for this.';
const IDIOM = 'A figure of speech that a reader has to decode; say what happens.';
const DIALECT = 'Not how documentation is written elsewhere; use the standard term.';
const RATE = 'Rates and distributions are written with "per".';
const SUBJECT = 'Name the subject, or use the imperative.';
const ANTHROPOMORPHIC =
  'Values, settings and programs do not speak; they have, print, return or report something.';

/**
 * Phrases that are matched in documents, source, help, messages and test titles. The list contains a phrase only if it can be
 * matched without false positives. CONTRIBUTING.md has the rules that need judgment.
 */
export const BANNED_PHRASES: readonly BannedPhrase[] = [
  {
    phrase: /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more than\b|less than\b|different\b)/,
    better: 'is not a …, has no …, there is no …',
    reason: NEGATION,
    example: 'The body is no JSON.',
  },
  {
    phrase: /\bit is no\b/,
    better: 'it is not a …',
    reason: NEGATION,
    example: 'The key is malformed: it is no longer JWT.',
  },
  {
    phrase: /\bnames? no\b/,
    better: 'has no …',
    reason: NEGATION,
    example: 'The message names no method.',
  },
  {
    phrase: /\bin no way\b/,
    better: 'is not supported',
    reason: NEGATION,
    example: 'The page describes itself in no way that is understood here.',
  },
  {
    phrase: /\bwho(?:so)?ever\b/,
    better: 'everyone who …, the one that …',
    reason: SUBJECT,
    example: 'Whoever runs a kite reads its log.',
  },
  {
    phrase: /[.:;!?] Whatever (?!the\b|your\b|its\b)/,
    better: 'everything that …',
    reason: SUBJECT,
    example: 'It ends. Whatever comes in is checked.',
  },
  {
    phrase: /\bWho(?: is)? (?:shows|shown|asked|refused|registers|has|waits|comes)\b[^?]*\./,
    better: 'a user who …, a kite that …',
    reason: SUBJECT,
    example: 'Who shows a kite key of a revoked pair is refused.',
  },
  {
    phrase: /\bwithout a word\b/,
    better: 'without a message, silently',
    reason: IDIOM,
    example: 'It is dropped without a word.',
  },
  { phrase: /\btells? nobody\b/, better: 'reports nothing', reason: IDIOM, example: 'It tells nobody.' },
  {
    phrase: /\bfrom the air\b/,
    better: 'hidden dependencies',
    reason: IDIOM,
    example: 'Nothing from the air.',
  },
  { phrase: /\ball right\b/, better: 'check the …', reason: IDIOM, example: 'Is its disk all right?' },
  { phrase: /\bhabits of the house\b/, better: 'rules', reason: IDIOM, example: 'Habits of the house.' },
  {
    phrase: /\bcommand line that leads\b/,
    better: 'a CLI to run, find and call services',
    reason: IDIOM,
    example: 'A command line that leads.',
  },
  {
    phrase: /\bwork in (?:none|a context from)\b/,
    better: 'No context is active, switch to a context',
    reason: IDIOM,
    example: 'You work in none now.',
  },
  {
    phrase: /\bnot as it should be\b/,
    better: 'failed',
    reason: IDIOM,
    example: 'Server: not as it should be.',
  },
  { phrase: /\bmade of text\b/, better: 'no eval', reason: IDIOM, example: 'No code is made of text.' },
  {
    phrase: /\bspares? you\b/,
    better: 'so you can leave out …',
    reason: IDIOM,
    example: 'This spares you --to.',
  },
  {
    phrase: /\bhears? of\b|\bhear of\b/,
    better: 'is notified of',
    reason: IDIOM,
    example: 'The store hears of it.',
  },
  {
    phrase: /\bmade up for\b/,
    better: 'synchronized, recovered',
    reason: IDIOM,
    example: 'The changes are made up for.',
  },
  {
    phrase: /\bat the mercy of\b/,
    better: 'depends on',
    reason: IDIOM,
    example: 'Less at the mercy of others.',
  },
  {
    phrase: /\bstays? what (?:it|they) (?:is|are)\b/,
    better: 'does not change',
    reason: IDIOM,
    example: 'It stays what it is.',
  },
  {
    phrase: /\btakes? it for granted\b/,
    better: 'requires',
    reason: IDIOM,
    example: 'It takes it for granted.',
  },
  { phrase: /\bsigns? of life\b/, better: 'heartbeat', reason: GLOSSARY, example: 'The last sign of life.' },
  {
    phrase: /\bin flight\b/,
    better: 'concurrent, pending',
    reason: GLOSSARY,
    example: '64 calls in flight.',
  },
  {
    phrase: /\b(?:hands?|handed|handing) (?:over|out)\b/,
    better: 'pass, issue',
    reason: GLOSSARY,
    example: 'Functions handed over.',
  },
  {
    phrase: /\b(?:in|as|of|than|from|by) the reference\b(?! (?:implementation of|of|manual))/,
    better: 'the Go implementation',
    reason: 'Which reference? Say the Go implementation.',
    example: 'As in the reference.',
  },
  {
    phrase: /\bthe Go one\b|\bthe original README\b/,
    better: 'the Go implementation',
    reason: GLOSSARY,
    example: 'Here and in the Go one.',
  },
  {
    phrase: /\b(?:rooms?|doors?)\b/,
    better: 'layer, folder, entry point',
    reason: GLOSSARY,
    example: 'The public door of a room.',
  },
  {
    phrase: /\b(?:limit|bound|deadline)s? (?:is|are|was) passed\b|^Passed:/,
    better: 'exceeded',
    reason: GLOSSARY,
    example: 'Passed: the connection closes.',
  },
  { phrase: /\bmend(?:s|ed|ing)?\b/, better: 'fix', reason: DIALECT, example: 'What mends it.' },
  {
    phrase: /\bkept up\b|\bkeeps? (?:it|them|both) up\b/,
    better: 'maintained',
    reason: DIALECT,
    example: 'A registration that is kept up.',
  },
  {
    phrase: /\bcan(?:not)? be had\b/,
    better: 'is available',
    reason: DIALECT,
    example: 'No proxy can be had.',
  },
  { phrase: /\banew\b/, better: 'again', reason: DIALECT, example: 'It registers anew.' },
  { phrase: /\bby way of\b/, better: 'through', reason: DIALECT, example: 'By way of Kontrol.' },
  {
    phrase: /\b(?:goes|go|went) by (?:the|its|their|that|what|other)\b/,
    better: 'uses, depends on',
    reason: DIALECT,
    example: 'It goes by its address.',
  },
  {
    phrase:
      /\b(?:is|are|was|be|gets?|lets?|let) (?:\w+ )?let in\b|\blets? (?:\w+ ){1,3}in\b(?! (?:the|a|its|memory))/,
    better: 'accept, allow',
    reason: DIALECT,
    example: 'Pages that are let in.',
  },
  {
    phrase: /\bcounts? (?:more|less)\b/,
    better: 'takes precedence',
    reason: DIALECT,
    example: 'The flag counts more.',
  },
  {
    phrase: /\bin clear\b/,
    better: 'unencrypted',
    reason: DIALECT,
    example: 'Keys lie in clear.',
  },
  {
    phrase: /\bcannot be told apart\b|\btold apart\b/,
    better: 'distinguished',
    reason: DIALECT,
    example: 'They are not told apart.',
  },
  {
    phrase: /\bhangs? on (?:a|the|one)\b|\bhang on (?:a|the|one|leases)\b/,
    better: 'is attached to',
    reason: DIALECT,
    example: 'It hangs on the lease.',
  },
  {
    phrase: /\bhas to be said\b/,
    better: 'Enter a value.',
    reason: DIALECT,
    example: 'Something has to be said.',
  },
  {
    phrase: /\bwhat is not UTF-8\b/,
    better: 'is not valid UTF-8',
    reason: DIALECT,
    example: 'It printed what is not UTF-8.',
  },
  {
    phrase: /\bone a (?:line|connection)\b/,
    better: 'one per line',
    reason: RATE,
    example: 'Names, one a line.',
  },
  {
    phrase:
      /\b(?:calls|registrations|heartbeats|messages|requests|bytes|times|many) an? (?:second|connection|kite|call|response)\b/,
    better: 'per second, per kite',
    reason: RATE,
    example: 'Calls a second.',
  },
  {
    phrase: /\bat most 1 \w+s\b/,
    better: 'at most 1 call',
    reason: 'The plural of one.',
    example: 'At most 1 calls.',
  },
  {
    phrase:
      /\b(?:kite key|context|setting|variable|option|flag|environment|program|Kontrol) (?:says|tells)\b/,
    better: 'has, contains, sets, reports',
    reason: ANTHROPOMORPHIC,
    example: 'What your kite key says.',
  },
  {
    phrase: /\b(?:Kontrol|kite|server) does not tell\b/,
    better: 'not reported by this Kontrol',
    reason: ANTHROPOMORPHIC,
    example: 'This Kontrol does not tell.',
  },
  {
    phrase: /\blike Kontrol's\b/,
    better: 'in sync with Kontrol',
    reason: ANTHROPOMORPHIC,
    example: "The clock is like Kontrol's.",
  },
  {
    phrase: /\bNobody (?:to|can be) \w+\b/,
    better: 'No username: pass --username',
    reason: SUBJECT,
    example: 'Nobody can be asked here.',
  },
  {
    phrase: /\bAsk nothing\b/,
    better: 'Never prompt',
    reason: SUBJECT,
    example: 'Ask nothing, not even at a terminal.',
  },
  {
    phrase: /\bWho do you want to be\b/,
    better: 'Username:',
    reason: IDIOM,
    example: 'Who do you want to be?',
  },
  {
    phrase: /\bDo it without asking\b/,
    better: 'Skip the confirmation.',
    reason: IDIOM,
    example: 'Do it without asking.',
  },
  {
    phrase: /\bSay that you mean it\b/,
    better: 'Confirm with --yes.',
    reason: IDIOM,
    example: 'Say that you mean it with --yes.',
  },
  {
    phrase: /\bWhy commands do what they do\b/,
    better: 'Inspect settings and where each comes from.',
    reason: IDIOM,
    example: 'Why commands do what they do.',
  },
  {
    phrase: /\bmay stand where\b/,
    better: 'list completions',
    reason: IDIOM,
    example: 'What may stand where the last word is.',
  },
  {
    phrase: /\bnothing was asked of\b/,
    better: 'nothing was changed',
    reason: IDIOM,
    example: 'Nothing was asked of Kontrol.',
  },
  {
    phrase: /\bbegins when one is answered\b/,
    better: 'starts when the previous one returns',
    reason: IDIOM,
    example: 'The next call begins when one is answered.',
  },
  {
    phrase: /\bThe following error occurred\b/,
    better: 'the error itself',
    reason: 'Says nothing.',
    example: 'The following error occurred:',
  },
  {
    phrase: /\bin place of a SockJS session\b/,
    better: 'no kite at this path (HTTP 404)',
    reason: IDIOM,
    example: 'HTTP 404 in place of a SockJS session.',
  },
  {
    phrase: /\bbrowsers of 20\d\d do not have\b/,
    better: 'targets browsers from 2022',
    reason: IDIOM,
    example: 'What browsers of 2022 do not have.',
  },
  {
    phrase:
      /\b(?:un)?(?:behaviour|colour|neighbour|favour|recognis|initialis|serialis|normalis|authoris|organis|optimis)\w*/,
    better: 'behavior, color, recognize, …',
    reason: 'American spelling, as in the documentation of Node.js, Go and Kubernetes.',
    example: 'The old behaviour.',
  },
];
