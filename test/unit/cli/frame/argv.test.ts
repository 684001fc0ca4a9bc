import { describe, expect, it } from 'vitest';
import {
  requestsHelp,
  parseGlobalFlags,
  commandGroups,
  hasSwitch,
  longestCommandPrefix,
  normalizeArgv,
  splitArgv,
} from '../../../../src/lib/cli/frame/argv.js';
import { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';

const flags = {
  to: { type: 'option' },
  method: { type: 'option' },
  raw: { type: 'boolean' },
  'no-color': { type: 'boolean' },
  tls: { type: 'boolean', allowNo: true },
  'public-host': { type: 'option', aliases: ['publicHost'] },
  local: { type: 'boolean', allowNo: true },
  output: { type: 'option', char: 'o' },
};

describe('normalizeArgv', () => {
  it.each([
    ['leaves a plain command line alone', ['--to', 'u'], ['--to', 'u']],
    ['takes a flag of the Go tool with an equals sign', ['-to=http://h/kite'], ['--to', 'http://h/kite']],
    [
      'takes a flag of the Go tool with a separate value',
      ['-to', 'http://h/kite'],
      ['--to', 'http://h/kite'],
    ],
    [
      'accepts an alias of a flag',
      ['-publicHost=h', '--publicHost', 'i'],
      ['--public-host', 'h', '--public-host', 'i'],
    ],
    [
      'turns off a switch that has a --no- form',
      ['--no-local', '-local=false'],
      ['--no-local', '--no-local'],
    ],
    ['turns on a switch that has a --no- form', ['--local', '--no-local=false'], ['--local', '--local']],
    ['takes a switch of the Go tool', ['-raw', 'x'], ['--raw', '--', 'x']],
    ['keeps equals signs within a value', ['--to=a=b'], ['--to', 'a=b']],
    ['treats negative numbers as arguments', ['square', '-4', '-.5'], ['--', 'square', '-4', '-.5']],
    ['puts flags before arguments', ['square', '4', '--to', 'u'], ['--to', 'u', '--', 'square', '4']],
    ['does not change arguments after --', ['a', '--', '--to', '-raw'], ['--', 'a', '--to', '-raw']],
    ['takes a value that begins with a dash', ['--to', '-x'], ['--to', '-x']],
    ['accepts switches with the value true or false', ['--raw=true', '--no-color=false'], ['--raw']],
    [
      'turns off a switch that has a --no- form, in every spelling',
      ['--tls', '-tls=true', '--no-tls', '-no-tls', '-tls=false', '--no-tls=false'],
      ['--tls', '--tls', '--no-tls', '--no-tls', '--no-tls', '--tls'],
    ],
    ['treats a single dash as an argument', ['-'], ['--', '-']],
    ['accepts the short name of a flag', ['-o', 'json', 'x'], ['--output', 'json', '--', 'x']],
    ['accepts the short name with an equals sign', ['-o=json'], ['--output', 'json']],
    ['accepts the short name with its value attached', ['-ojson'], ['--output', 'json']],
    ['keeps empty arguments', ['a', ''], ['--', 'a', '']],
    ['keeps equal arguments in their order', ['a', 'b', 'a'], ['--', 'a', 'b', 'a']],
  ])('normalizeArgv %s', (_title, argv, expected) => {
    expect(normalizeArgv(argv, flags)).toEqual(expected);
  });

  it('normalizeArgv suggests a similar flag for an unknown one', () => {
    expect(failure(['--metod', 'x'])).toMatchObject({
      exitCode: 2,
      message: 'Unknown flag: --metod',
      hint: 'Did you mean --method?',
    });
  });

  it('normalizeArgv explains how to pass arguments with a dash only if the word does not look like a long flag', () => {
    expect(failure(['--verbose=3'])).toMatchObject({ message: 'Unknown flag: --verbose', hint: '' });
    expect(failure(['-x'])).toMatchObject({
      message: 'Unknown flag: -x',
      hint: 'Put -- before arguments that start with a dash.',
    });
  });

  it('normalizeArgv rejects --no- for a switch that has no such form', () => {
    expect(failure(['--no-raw'])).toMatchObject({ message: 'Unknown flag: --no-raw' });
  });

  it('normalizeArgv rejects a flag without its value', () => {
    expect(failure(['--to'])).toMatchObject({ exitCode: 2, message: '--to needs a value.' });
  });

  it('normalizeArgv rejects a value for a switch', () => {
    expect(failure(['--raw=maybe']).message).toContain('"maybe" is not true or false');
  });

  it('normalizeArgv rejects names of inherited properties as flags', () => {
    expect(failure(['--toString']).exitCode).toBe(2);
  });
});

describe('other functions that read argv', () => {
  it('requestsHelp finds a help flag, except after --', () => {
    expect(requestsHelp(['square', '-h'])).toBe(true);
    expect(requestsHelp(['-help'])).toBe(true);
    expect(requestsHelp(['--help'])).toBe(true);
    expect(requestsHelp(['echo', '--', '--help'])).toBe(false);
  });

  it('hasSwitch finds a switch in either spelling, except after --', () => {
    expect(hasSwitch(['-json'], 'json')).toBe(true);
    expect(hasSwitch(['--json=true'], 'json')).toBe(true);
    expect(hasSwitch(['--json-lines'], 'json')).toBe(false);
    expect(hasSwitch(['--', '--json'], 'json')).toBe(false);
  });

  it('splitArgv moves global switches after the command', () => {
    expect(splitArgv(['--json', '-no-color', 'call', 'x'], ['call'])).toEqual({
      id: 'call',
      rest: ['--json', '-no-color', 'x'],
    });
    expect(splitArgv(['-o', 'json', '--color=never', '--no-input', 'call', 'x'], ['call'])).toEqual({
      id: 'call',
      rest: ['-o', 'json', '--color=never', '--no-input', 'x'],
    });
    expect(splitArgv(['-o'], ['call'])).toEqual({ id: undefined, rest: ['-o'] });
    expect(splitArgv([], ['call'])).toEqual({ id: undefined, rest: [] });
  });

  it('splitArgv takes the longest sequence of words that is a command', () => {
    const known = ['call', 'kontrol start', 'kontrol keys list'];
    expect(splitArgv(['kontrol', 'start', 'x'], known)).toEqual({ id: 'kontrol start', rest: ['x'] });
    expect(splitArgv(['--json', 'kontrol', 'keys', 'list', '--x'], known)).toEqual({
      id: 'kontrol keys list',
      rest: ['--json', '--x'],
    });
    expect(splitArgv(['kontrol', 'keys'], known)).toEqual({ id: 'kontrol', rest: ['keys'] });
    expect(splitArgv(['call', 'start'], known)).toEqual({ id: 'call', rest: ['start'] });
  });

  it('commandGroups and longestCommandPrefix find groups of commands with several words', () => {
    const groups = commandGroups(['call', 'kontrol start', 'kontrol keys list']);
    expect(groups.toSorted()).toEqual(['kontrol', 'kontrol keys']);
    expect(longestCommandPrefix(['kontrol', 'keys', 'lst'], groups)).toEqual(['kontrol', 'keys']);
    expect(longestCommandPrefix(['call'], groups)).toBeUndefined();
  });
});

function failure(argv: string[]): CliError {
  try {
    normalizeArgv(argv, flags);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseGlobalFlags', () => {
  it.each([
    [[], { color: 'auto', noInput: false, json: false }],
    [['call', '--no-color', '-no-input'], { color: 'never', noInput: true, json: false }],
    [['--color', 'always'], { color: 'always', noInput: false, json: false }],
    [['--color=never'], { color: 'never', noInput: false, json: false }],
    [['--color=red'], { color: 'auto', noInput: false, json: false }],
    [['--json'], { color: 'auto', noInput: false, json: true }],
    [['-o', 'ndjson'], { color: 'auto', noInput: false, json: true }],
    [['-ojson'], { color: 'auto', noInput: false, json: true }],
    [['--output=yaml'], { color: 'auto', noInput: false, json: false }],
    [['call', '--', '--json', '-o', 'json'], { color: 'auto', noInput: false, json: false }],
  ])('parseGlobalFlags reads global flags of %j before the command is known', (argv, expected) => {
    expect(parseGlobalFlags(argv)).toEqual(expected);
  });
});
