import { describe, expect, it } from 'vitest';
import { COOKIE_LENGTH, COOKIES } from '../../../../src/lib/transport/limits/transport-limits.js';
import { Cookies } from '../../../../src/lib/transport/xhr/cookies.js';

function after(...headers: readonly string[]): string | undefined {
  const cookies = new Cookies();
  cookies.receive(headers);
  return cookies.header;
}

describe('the cookies of a session', () => {
  it('a session has no cookies before a response sets one', () => {
    expect(new Cookies().header).toBeUndefined();
    const cookies = new Cookies();
    cookies.receive(undefined);
    expect(cookies.header).toBeUndefined();
  });

  it.each([
    ['KITE_NODE=a; path=/; HttpOnly', 'KITE_NODE=a'],
    ['JSESSIONID=dummy; Path=/', 'JSESSIONID=dummy'],
    ['AWSALB=x+/=y; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/', 'AWSALB=x+/=y'],
    [' a = "b c" ;Secure', 'a="b c"'],
    ['empty=', 'empty='],
    ['gone=x; Max-Age=0', undefined],
    ['gone=x; max-age=-1; Path=/', undefined],
    ['kept=x; Max-Age=100', 'kept=x'],
    ['nonsense', undefined],
    ['=x', undefined],
    ['a b=x', undefined],
    ['', undefined],
  ])('a session that receives the cookie %j sends %j', (header, sent) => {
    expect(after(header)).toBe(sent);
  });

  it('a session sends fixed cookies before those that it has received', () => {
    const cookies = new Cookies(['x=1; y=2']);
    expect(cookies.header).toBe('x=1; y=2');
    cookies.receive(['a=1']);
    expect(cookies.header).toBe('x=1; y=2; a=1');
  });

  it('a later cookie replaces an earlier one with the same name', () => {
    expect(after('a=1', 'b=2', 'a=3')).toBe('b=2; a=3');
    expect(after('a=1', 'b=2', 'a=; Max-Age=0')).toBe('b=2');
  });

  it('a session ignores cookies beyond its limits', () => {
    expect(after(`a=${'x'.repeat(COOKIE_LENGTH)}`)).toBeUndefined();
    expect(after(`a=${'x'.repeat(COOKIE_LENGTH - 1)}`)).toHaveLength(COOKIE_LENGTH + 1);
    const many = Array.from({ length: COOKIES + 1 }, (_, index) => `c${index}=x`);
    expect(after(...many)?.split('; ')).toHaveLength(COOKIES);
  });
});
