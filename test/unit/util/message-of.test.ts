import { describe, expect, it } from 'vitest';
import { errorText, messageOf, stackOf, toError } from '../../../src/lib/util/message-of.js';
import { hostileErrors } from '../../helpers/hostile-errors.js';

describe('messageOf', () => {
  it.each([
    [new Error('it broke'), 'it broke'],
    [new TypeError(''), ''],
    ['just a string', 'just a string'],
    [undefined, 'undefined'],
    [5, '5'],
  ])('the message of the thrown value %o is %j', (thrown, words) => {
    expect(messageOf(thrown)).toBe(words);
  });

  it.each([...hostileErrors().keys()])('the message, the text and the stack of %s are strings', (what) => {
    const thrown = hostileErrors().get(what);
    expect(messageOf(thrown)).toBeTypeOf('string');
    expect(stackOf(thrown)).toBeTypeOf('string');
    expect(errorText(thrown)).toBeTypeOf('string');
  });
});

describe('stackOf', () => {
  it('the stack of an error begins with its name and message, and of anything else is its text', () => {
    expect(stackOf(new TypeError('it broke'))).toMatch(/^TypeError: it broke\n +at /);
    expect(stackOf('text')).toBe('text');
  });
});

describe('toError', () => {
  it('toError returns an error unchanged, and converts any other value to one', () => {
    const error = new Error('no');
    expect(toError(error)).toBe(error);
    expect(toError('no')).toEqual(error);
  });
});
