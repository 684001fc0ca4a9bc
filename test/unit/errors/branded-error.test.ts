import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../../src/lib/dnode/dnode-message.js';
import { kindOf } from '../../../src/lib/errors/branded-error.js';
import { KiteError, toWireError } from '../../../src/lib/protocol/errors.js';
import { DialError } from '../../../src/lib/transport/handshake/dial-error.js';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

const files = sourceFiles().map(({ path, text }) => ({ path, code: withoutComments(text) }));

/** Names of the classes that extend `Error`, directly or not. */
function errorClasses(): ReadonlyMap<string, string> {
  const all = files.flatMap(({ code }) =>
    [...code.matchAll(/\bclass (\w+)(?:<[^>]*>)? extends (\w+)/g)].map(([, name = '', base = '']) => [
      name,
      base,
    ]),
  );
  const found = new Map<string, string>();
  for (let size = -1; size < found.size; ) {
    size = found.size;
    for (const [name = '', base = ''] of all) if (base === 'Error' || found.has(base)) found.set(name, base);
  }
  return found;
}

describe('project errors', () => {
  it('project errors all extend BrandedError', () => {
    const classes = errorClasses();
    console.log(`${classes.size - 1} classes of errors extend BrandedError`);
    expect(classes.size).toBeGreaterThan(10);
    expect([...classes].filter(([name, base]) => base === 'Error' && name !== 'BrandedError')).toEqual([]);
  });

  it('project errors are never recognized with instanceof in src', () => {
    const names = [...errorClasses().keys()].join('|');
    const uses = files.flatMap(({ path, code }) =>
      [...code.matchAll(new RegExp(`\\binstanceof (?:${names})\\b`, 'g'))].map(([use]) => `${path}: ${use}`),
    );
    console.log(`${files.length} files of src checked for instanceof of a project error`);
    expect(files.length).toBeGreaterThan(400);
    expect(uses).toEqual([]);
  });

  it('project errors have the name of their class and a type, and hide their brand from inspection', () => {
    const error = new DialError('refused', 'http://h/kite', 'no');
    expect(error).toMatchObject({ name: 'DialError', type: 'DialError', code: 'refused' });
    expect(new KiteError('timeout', 'no')).toMatchObject({ name: 'KiteError', type: 'timeout' });
    expect(Object.getOwnPropertySymbols(error).map((symbol) => symbol.description)).toEqual([
      'kitectl.error',
    ]);
    expect(Object.entries(error).map(([name]) => name)).not.toContain('kitectl.error');
  });

  it.each([
    ['an error of JavaScript', new TypeError('no')],
    ['an object that looks like an error', { name: 'KiteError', type: 'timeout', code: '', id: '' }],
    ['a string', 'KiteError'],
    ['null', null],
    ['undefined', undefined],
  ])('project errors have a kind, and %s has none', (_title, value) => {
    expect(kindOf(new KiteError('timeout', 'no'))).toBe('KiteError');
    expect(kindOf(value)).toBeUndefined();
  });

  it('project errors other than KiteError are sent as genericError', () => {
    expect(toWireError(new ProtocolViolation(1008, 'no'))).toMatchObject({ type: 'genericError' });
    expect(toWireError(new DialError('refused', 'http://h/kite', 'no'))).toMatchObject({
      type: 'genericError',
      code: 'refused',
    });
  });
});
