/** Values so large, or nested so deeply, that their text is made in pieces. */
export const largeValues: Readonly<Record<string, unknown>> = {
  'a list of numbers': Array.from({ length: 2500 }, (_, n) => n),
  'an object with many keys': Object.fromEntries(Array.from({ length: 2500 }, (_, n) => [`key ${n}`, n])),
  'a list of objects': Array.from({ length: 1200 }, (_, n) => ({
    id: n,
    name: `n${n}`,
    tags: ['a', 'b\nc\n\nd'],
  })),
  'a large list between small values': [
    'a',
    { b: 1 },
    Array.from({ length: 1500 }, (_, n) => n),
    'c',
    [],
    {},
  ],
  'large values in an object': {
    small: { a: [1] },
    lists: Array.from({ length: 1500 }, (_, n) => [n, [n]]),
    'a: "quoted" key': Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`k${n}`, 'two\nlines\n'])),
    '': null,
    ['__proto__']: [],
    last: true,
  },
  'a large value under a long key': { ['long key '.repeat(150)]: Array.from({ length: 1500 }, (_, n) => n) },
  'deep lists': [[[Array.from({ length: 1500 }, (_, n) => n), 'x'], 'y'], [[{ deep: [{ a: 1, b: [2] }] }]]],
};
