import { describe, expect, it } from 'vitest';
import type { ParsedServeFlags } from '../../../../src/lib/cli/serve/serve-flags.js';
import { serveOptions as optionsOf } from '../../../../src/lib/cli/serve/serve-options.js';

const off = { register: false, 'no-auth': false, 'system-info': false };
const serveOptions = (module: string | undefined, flags: ParsedServeFlags) => optionsOf(module, flags, {});

describe('the flags of serve', () => {
  it('pair each method with its command', () => {
    const { commands, name, parallel, timeout, auth } = serveOptions(undefined, {
      ...off,
      name: 'math',
      method: ['square', 'cube'],
      exec: ['one', 'two'],
      timeout: '500ms',
      parallel: '3',
    });
    expect([...commands]).toEqual([
      ['square', 'one'],
      ['cube', 'two'],
    ]);
    expect({ name, parallel, timeout, auth }).toEqual({
      name: 'math',
      parallel: 3,
      timeout: 500,
      auth: true,
    });
  });

  it('name the pages that are let in, and the names that the kite goes by', () => {
    const flags = { ...off, 'allow-origin': 'https://a.example, https://b.example', 'allow-host': '*' };
    expect(serveOptions('./kite.js', flags)).toMatchObject({
      allowOrigin: ['https://a.example', 'https://b.example'],
      allowedHosts: '*',
    });
  });

  it('take the name of a kite from its module', () => {
    expect(serveOptions('./kites/math.mjs', off).name).toBe('math');
    expect(serveOptions('./kites/math.mjs', { ...off, name: 'other' }).name).toBe('other');
  });

  it.each([
    ['nothing to serve', undefined, {}, 'Nothing to serve'],
    ['a command without a method', undefined, { exec: ['x'], name: 'a' }, 'Each --method needs its --exec'],
    ['a method twice', undefined, { name: 'a', method: ['m', 'm'], exec: ['x', 'y'] }, 'given twice'],
    ['an empty command', undefined, { name: 'a', method: ['m'], exec: [' '] }, 'is empty'],
    ['no name', undefined, { method: ['m'], exec: ['x'] }, 'needs a name'],
    ['a name that is a path', undefined, { name: 'a/b', method: ['m'], exec: ['x'] }, 'contain "/"'],
    ['a number of commands of a module', './kite.js', { parallel: '3' }, '--exec'],
    ['a time of a module', './kite.js', { timeout: '3s' }, '--exec'],
    ['a Kontrol without registering', './kite.js', { kontrol: 'http://k:4000/kite' }, 'Add --register'],
    ['an origin that is none', './kite.js', { 'allow-origin': 'example.com' }, '--allow-origin is'],
    ['a host with a port', './kite.js', { 'allow-host': 'a:1' }, '--allow-host is'],
    ['a port that is none', './kite.js', { port: '70000' }, '--port'],
  ])('refuse %s', (_title, module, flags, message) => {
    expect(() => serveOptions(module, { ...off, ...flags })).toThrow(
      expect.objectContaining({ exitCode: 2 }) as Error,
    );
    try {
      serveOptions(module, { ...off, ...flags });
    } catch (error) {
      const { message: said, hint } = error as { message: string; hint: string };
      expect(`${said} ${hint}`).toContain(message);
    }
  });
});
