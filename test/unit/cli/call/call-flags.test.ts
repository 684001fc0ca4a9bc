import { describe, expect, it } from 'vitest';
import type { CallCommandOptions } from '../../../../src/lib/cli/call/call.js';
import { callFlags, callOptions } from '../../../../src/lib/cli/call/call-flags.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

const to = 'http://localhost:3636/kite';

/** The options of a line of flags, after those that select the kite. */
async function optionsOf(
  line: string,
  args: readonly string[] = [],
  target = `--to ${to}`,
): Promise<CallCommandOptions> {
  return callOptions('m', args, await parseFlags(callFlags, `${target} ${line}`), {});
}

describe('callOptions', () => {
  it('callOptions sets nothing without flags', async () => {
    expect(await optionsOf('', ['4'])).toEqual({
      target: { type: 'url', url: to },
      settings: expect.any(CommandSettings) as CommandSettings,
      allLogs: false,
      method: 'm',
      args: [{ type: 'value', value: 4 }],
      format: undefined,
      raw: false,
      callback: false,
      interactive: false,
      stdin: false,
      all: false,
      replies: undefined,
      retries: 0,
      idempotent: false,
    });
  });

  it.each([
    ['--interactive', { interactive: true }],
    ['--all-logs', { allLogs: true }],
    ['--raw --callback', { raw: true, callback: true }],
    ['--all --raw --callback', { all: true, raw: true, callback: true, replies: undefined }],
    ['--all --replies 2', { all: true, replies: 2 }],
    ['--retry 3', { retries: 3, idempotent: false }],
    ['--retry 3 --idempotent', { retries: 3, idempotent: true }],
  ])('callOptions parses %s as %o', async (line, expected) => {
    expect(await optionsOf(line)).toMatchObject(expected);
  });

  it.each([
    [commonSettings.timeout, '--timeout 4', 4000],
    [commonSettings.timeout, '--timeout 4s', 4000],
    [commonSettings.timeout, '--timeout 500ms', 500],
    [commonSettings.timeout, '--timeout 1m30s', 90_000],
    [commonSettings.timeout, '--timeout 0', 0],
    [commonSettings.transport, '--transport xhr', 'XHRPolling'],
    [commonSettings.transport, '--transport RawWebSocket', 'RawWebSocket'],
    [commonSettings.auth, '--auth kite-key', 'kite-key'],
    [commonSettings.kiteKey, '--key-file k', { type: 'file', file: 'k' }],
  ])('callOptions sets %o by %s', async (setting, line, value) => {
    const { settings } = await optionsOf(line);
    expect(settings.value<unknown, unknown>(setting)).toEqual(value);
  });

  it('callOptions accepts a Kontrol with a query', async () => {
    const line = '--to /bob/prod/math --kontrol http://a:4000/kite,http://b:4000/kite';
    const { target, settings } = await optionsOf(line, [], '');
    expect(target).toMatchObject({ type: 'query', path: '/bob/prod/math' });
    expect(settings.value(commonSettings.kontrol)).toEqual(['http://a:4000/kite', 'http://b:4000/kite']);
  });

  it('callOptions makes --parallel concurrent calls with --stdin, one by default', async () => {
    expect((await optionsOf('--stdin')).stdin).toEqual({
      parallel: 1,
      ordered: true,
      keepGoing: false,
      envelope: false,
    });
    expect((await optionsOf('--stdin --parallel 64')).stdin).toMatchObject({ parallel: 64 });
    expect((await optionsOf('--stdin --unordered --keep-going --envelope')).stdin).toEqual({
      parallel: 1,
      ordered: false,
      keepGoing: true,
      envelope: true,
    });
  });

  it.each([
    ['--kontrol http://a:4000/kite', [], '--kontrol is only used to look up a query'],
    ['--timeout soon', [], '--timeout is "soon"; it must be a duration'],
    ['--timeout -1s', [], '--timeout is "-1s"; it must be a duration'],
    ['--stdin --callback', [], '--callback and --stdin cannot be used together.'],
    ['--stdin --string', [], '--stdin and --string cannot be used together.'],
    ['--stdin --field a=1', [], '--field and --stdin cannot be used together.'],
    ['--stdin --raw-field a=1', [], '--raw-field and --stdin cannot be used together.'],
    ['--field a', [], '--field is "a"; it must be NAME=VALUE'],
    ['--stdin --interactive', [], '--interactive and --stdin cannot be used together.'],
    ['--stdin', ['4'], 'come from standard input'],
    ['--parallel 2', [], '--parallel needs --stdin.'],
    ['--stdin --parallel 0', [], '--parallel is "0"; it must be a whole number from 1 to 10000'],
    ['--stdin --parallel 1e3', [], '--parallel is "1e3"; it must be a whole number from 1 to 10000'],
    ['--ordered', [], '--ordered needs --stdin.'],
    ['--unordered', [], '--unordered needs --stdin.'],
    ['--keep-going', [], '--keep-going needs --stdin.'],
    ['--envelope', [], '--envelope needs --stdin.'],
    ['--stdin --ordered --unordered', [], '--ordered and --unordered cannot be used together.'],
    ['--stdin --envelope --raw', [], '--envelope and --raw cannot be used together.'],
    ['--stdin --envelope -o name', [], '--envelope and -o name cannot be used together.'],
    ['--stdin -o table', [], '-o table and --stdin cannot be used together'],
    ['--callback -o wide', [], '-o wide and --callback cannot be used together'],
    ['--stdin --all', [], '--all and --stdin cannot be used together.'],
    ['--interactive --all', [], '--all and --interactive cannot be used together.'],
    ['--replies 2', [], '--replies needs --all.'],
    ['--all --replies 0', [], '--replies is "0"; it must be a whole number from 1 to 1000000'],
    ['--all -o table', [], '-o table and --all cannot be used together'],
    ['--all --raw -o json', [], '--all, --raw and -o json cannot be used together'],
    ['--stdin --retry 2', [], '--retry and --stdin cannot be used together.'],
    ['--stdin --idempotent', [], '--idempotent and --stdin cannot be used together.'],
    ['--raw -o yaml', [], '--raw and -o yaml cannot be used together'],
    ['--json -o yaml', [], '--json and -o yaml cannot be used together.'],
    ['-o text', [], '--output is "text"; it must be one of table, wide, json, ndjson, yaml, name'],
  ])('callOptions rejects %s with %o: %s', async (line, args, message) => {
    await expect(optionsOf(line, args)).rejects.toThrow(message);
  });

  it('callOptions rejects a malformed URL of Kontrol', async () => {
    await expect(optionsOf('--to /bob --kontrol a:4000', [], '')).rejects.toThrow(
      '--kontrol is "a:4000"; it must be one or more URLs',
    );
  });

  it('callOptions distinguishes values from sources of values', async () => {
    expect((await optionsOf('', ['-', '@a.json', '@', '"@a"'])).args).toEqual([
      { type: 'stdin', content: 'word' },
      { type: 'file', file: 'a.json', content: 'word', word: '@a.json' },
      { type: 'value', value: '@' },
      { type: 'value', value: '@a' },
    ]);
    expect((await optionsOf('--string', ['-', '@a.json', '{a:1}'])).args).toEqual([
      { type: 'text', value: '-' },
      { type: 'text', value: '@a.json' },
      { type: 'text', value: '{a:1}' },
    ]);
    expect((await optionsOf('--raw-field a=@x --field b=@x', ['1'])).args).toMatchObject([
      { type: 'value', value: 1 },
      {
        type: 'object',
        fields: [
          { name: 'a', source: { type: 'text', value: '@x' } },
          { name: 'b', source: { type: 'file', file: 'x' } },
        ],
      },
    ]);
    expect((await optionsOf('--callback', ['@callback'])).args).toEqual([
      { type: 'value', value: '@callback' },
    ]);
  });
});
