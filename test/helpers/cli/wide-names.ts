/** Names that take another number of cells than they have characters, each with its cells. */
export const WIDE_NAMES: Readonly<Record<string, number>> = {
  math: 4,
  日本語: 6,
  한국어: 6,
  // The same letter as one character, and as three.
  한: 2,
  ['\u1112\u1161\u11ab']: 2,
  カタカナ: 8,
  ｶﾅ: 2,
  𠮷野家: 6,
  ｆｕｌｌ: 8,
  // Marks that combine with the letter before.
  ['cafe\u0301']: 4,
  ['a\u0308\u0323o\u20dd']: 2,
  ที่นี่: 2,
  שָׁלוֹם: 4,
  السَّلَام: 6,
  می\u200cخواهم: 7,
  // Emoji of one character, with a skin color, with a selector, of several characters, and flags.
  '🚀': 2,
  '🫠': 2,
  '👍🏽': 2,
  '❤️': 2,
  '❤': 1,
  '1️⃣': 2,
  '👨‍👩‍👧‍👦': 2,
  '🏳️‍🌈': 2,
  '🇩🇪🇫🇷': 4,
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿': 2,
  // As much as a column, and more.
  ['漢字'.repeat(30)]: 120,
  ['e\u0301'.repeat(50)]: 50,
};
