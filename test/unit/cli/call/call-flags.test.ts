import { describe, expect, it } from 'vitest';
import { callOptions, type ParsedCallFlags } from '../../../../src/lib/cli/call/call-flags.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';

const to = 'http://localhost:3636/kite';

const given: ParsedCallFlags = {
  to,
  raw: false,
  callback: false,
  interactive: false,
  stdin: false,
  ordered: false,
  unordered: false,
  'keep-going': false,
  envelope: false,
  json: false,
};

describe('callOptions', () => {
  it('asks for nothing that was not said', () => {
    expect(callOptions('square', ['4'], given, {})).toEqual({
      target: { type: 'url', url: to },
      settings: expect.any(CommandSettings) as CommandSettings,
      method: 'square',
      args: [{ type: 'value', value: 4 }],
      format: undefined,
      raw: false,
      callback: false,
      interactive: false,
      stdin: false,
    });
  });

  it.each<[Partial<ParsedCallFlags>, object]>([
    [{ interactive: true }, { interactive: true }],
    [
      { raw: true, callback: true },
      { raw: true, callback: true },
    ],
  ])('of %o is %o', (flags, expected) => {
    expect(callOptions('m', [], { ...given, ...flags }, {})).toMatchObject(expected);
  });

  it.each([
    [commonSettings.timeout, { timeout: '4' }, 4000],
    [commonSettings.timeout, { timeout: '4s' }, 4000],
    [commonSettings.timeout, { timeout: '500ms' }, 500],
    [commonSettings.timeout, { timeout: '1m30s' }, 90_000],
    [commonSettings.timeout, { timeout: '0' }, 0],
    [commonSettings.transport, { transport: 'xhr' }, 'XHRPolling'],
    [commonSettings.transport, { transport: 'RawWebSocket' }, 'RawWebSocket'],
    [commonSettings.auth, { auth: 'kite-key' }, 'kite-key'],
    [commonSettings.kiteKey, { 'key-file': 'k' }, { type: 'file', file: 'k' }],
  ])('set %o by %o', (setting, flags, value) => {
    const { settings } = callOptions('m', [], { ...given, ...flags }, {});
    expect(settings.value<unknown, unknown>(setting)).toEqual(value);
  });

  it('of a query may say where Kontrol is', () => {
    const flags = { ...given, to: '/bob/prod/math', kontrol: 'http://a:4000/kite, http://b:4000/kite' };
    const { target, settings } = callOptions('m', [], flags, {});
    expect(target).toMatchObject({ type: 'query', path: '/bob/prod/math' });
    expect(settings.value(commonSettings.kontrol)).toEqual(['http://a:4000/kite', 'http://b:4000/kite']);
  });

  it('of --stdin has as many calls in flight as --parallel says, or one', () => {
    expect(callOptions('m', [], { ...given, stdin: true }, {}).stdin).toEqual({
      parallel: 1,
      ordered: true,
      keepGoing: false,
      envelope: false,
    });
    expect(callOptions('m', [], { ...given, stdin: true, parallel: '64' }, {}).stdin).toMatchObject({
      parallel: 64,
    });
  });

  it.each<[Partial<ParsedCallFlags>, string[], string]>([
    [{ kontrol: 'http://a:4000/kite' }, [], '--kontrol is about kites that are looked up'],
    [{ to: '/bob', kontrol: 'a:4000' }, [], '--kontrol is "a:4000"; it must be one or more URLs'],
    [{ timeout: 'soon' }, [], '--timeout is "soon"; it must be a duration'],
    [{ timeout: '-1s' }, [], '--timeout is "-1s"; it must be a duration'],
    [{ stdin: true, callback: true }, [], 'do not go together'],
    [{ stdin: true }, ['4'], 'come from the standard input'],
    [{ stdin: true, interactive: true }, [], '--interactive and --stdin'],
    [{ parallel: '2' }, [], '--parallel is about --stdin'],
    [{ stdin: true, parallel: '0' }, [], 'a whole number from 1 to 10000, not 0'],
    [{ stdin: true, parallel: '1e3' }, [], 'not 1e3'],
    [{ unordered: true }, [], '--unordered is about --stdin'],
    [{ 'keep-going': true }, [], '--keep-going is about --stdin'],
    [{ stdin: true, ordered: true, unordered: true }, [], 'do not go together'],
    [{ stdin: true, envelope: true, raw: true }, [], '--envelope and --raw'],
    [{ stdin: true, output: 'table' }, [], '--stdin makes many'],
    [{ callback: true, output: 'wide' }, [], '--callback makes many'],
    [{ raw: true, output: 'yaml' }, [], '--raw is about JSON'],
    [{ json: true, output: 'yaml' }, [], '--json and -o yaml'],
  ])('refuses %o with %o', (flags, args, message) => {
    expect(() => callOptions('m', args, { ...given, ...flags }, {})).toThrow(message);
  });

  it('tells values from places to read them', () => {
    expect(callOptions('m', ['-', '@a.json', '@', '"@a"'], given, {}).args).toEqual([
      { type: 'stdin' },
      { type: 'file', file: 'a.json' },
      { type: 'value', value: '@' },
      { type: 'value', value: '@a' },
    ]);
    expect(callOptions('m', ['@callback'], { ...given, callback: true }, {}).args).toEqual([
      { type: 'value', value: '@callback' },
    ]);
  });
});
