import { describe, expect, it } from 'vitest';
import { buildObject, parseField } from '../../../../src/lib/cli/call/fields.js';

const objectOf = (...texts: string[]): object =>
  buildObject(texts.map((text) => parseField('--field', text)));

describe('buildObject', () => {
  it.each([
    [['name=bob', 'note='], { name: 'bob', note: '' }],
    [['query=a=b'], { query: 'a=b' }],
    [
      ['user[name]=bob', 'user[address][city]=Rome', 'id=4'],
      { user: { name: 'bob', address: { city: 'Rome' } }, id: '4' },
    ],
    [['tags[]=a', 'tags[]=b', 'user[tags][]=c'], { tags: ['a', 'b'], user: { tags: ['c'] } }],
    [['a[0]=x'], { a: { 0: 'x' } }],
  ])('buildObject builds from the fields %j the object %j', (texts, expected) => {
    expect(JSON.parse(JSON.stringify(objectOf(...texts)))).toEqual(expected);
  });

  it('buildObject has keys such as __proto__ and constructor like any other', () => {
    expect(JSON.stringify(objectOf('__proto__=1', 'constructor[x]=2'))).toBe(
      '{"__proto__":"1","constructor":{"x":"2"}}',
    );
  });

  it.each([
    [['a=1', 'a=2'], 'a'],
    [['a=1', 'a[b]=2'], 'a[b]'],
    [['a[b]=1', 'a=2'], 'a'],
    [['a[]=1', 'a[b]=2'], 'a[b]'],
    [['a[b]=1', 'a[]=2'], 'a[]'],
  ])('buildObject rejects the fields %j', (texts, name) => {
    expect(() => objectOf(...texts)).toThrow(`The field ${name} is set twice, or is part of another field.`);
  });
});

describe('parseField', () => {
  it.each(['', '=x', 'name', '[a]=x', 'a[=x', 'a]=x', 'a[b]c=x'])(
    'parseField rejects the field %j',
    (text) => {
      expect(() => parseField('--field', text)).toThrow(
        `--field is ${JSON.stringify(text)}; it must be NAME=VALUE`,
      );
    },
  );

  it('parseField rejects lists of lists and of objects', () => {
    expect(() => parseField('--field', 'items[][id]=1')).toThrow(
      '--field items[][id]: only the last brackets can be empty.',
    );
  });
});
