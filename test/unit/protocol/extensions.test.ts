import { describe, expect, it } from 'vitest';
import { EXTENSIONS, NO_EXTENSIONS, parseExtensions } from '../../../src/lib/protocol/extensions.js';
import { EXTENSION_LENGTH, EXTENSIONS_COUNT } from '../../../src/lib/protocol/protocol-limits.js';

describe('parseExtensions', () => {
  it('every name of an extension is read from the list of a peer', () => {
    expect([...parseExtensions([...EXTENSIONS])]).toEqual([...EXTENSIONS]);
  });

  it('unknown names and values that are not names are ignored in a list of extensions', () => {
    const list = ['teleport', 'cancel', 7, null, ['stream'], { values: true }, 'CANCEL', 'constructor', ''];
    expect([...parseExtensions(list)]).toEqual(['cancel']);
  });

  it.each([[undefined], [null], ['cancel'], [{ 0: 'cancel', length: 1 }], [7], [[]], [true]])(
    'a peer whose list of extensions is %j speaks none',
    (value) => expect(parseExtensions(value)).toBe(NO_EXTENSIONS),
  );

  it('names after the first EXTENSIONS_COUNT of a list of extensions are ignored', () => {
    const filler = Array.from({ length: EXTENSIONS_COUNT - 1 }, (_, index) => `x${index}`);
    expect([...parseExtensions([...filler, 'cancel', 'stream'])]).toEqual(['cancel']);
    expect(parseExtensions(Array.from({ length: 1_000_000 }, () => 'x'))).toBe(NO_EXTENSIONS);
  });

  it('a name of an extension that is longer than EXTENSION_LENGTH is ignored', () => {
    expect(parseExtensions(['c'.repeat(1_000_000), 'c'.repeat(EXTENSION_LENGTH + 1)])).toBe(NO_EXTENSIONS);
    expect(EXTENSIONS.every((name) => name.length <= EXTENSION_LENGTH)).toBe(true);
  });
});
