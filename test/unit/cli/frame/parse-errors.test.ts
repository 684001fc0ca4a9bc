import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { string as stringArg } from '@oclif/core/args';
import type { Interfaces } from '@oclif/core';
import { boolean, custom, integer, string } from '@oclif/core/flags';
import { parse } from '@oclif/core/parser';
import { describe, expect, it } from 'vitest';
import { fromParseError } from '../../../../src/lib/cli/frame/parse-errors.js';
import { valueFlag } from '../../../../src/lib/cli/settings/flag-kinds.js';
import { ExitCode } from '../../../../src/lib/cli/runtime/exit-codes.js';

const even = valueFlag({
  description: 'an even number',
  example: '2',
  parse: (value) => (Number(value) % 2 === 0 ? Number(value) : undefined),
});

const failing = custom<number>({
  parse: async () => {
    throw new Error('The parser has a bug');
  },
});

/** Each error of the oclif parser, and its message here. */
const MISTAKES: readonly {
  readonly flags?: Interfaces.FlagInput;
  readonly args?: Interfaces.ArgInput;
  readonly argv: readonly string[];
  readonly says: string;
}[] = [
  {
    args: { method: stringArg({ required: true }), args: stringArg({ multiple: true }) },
    flags: { many: string({ multiple: true }) },
    argv: [],
    says: 'Missing argument METHOD. Usage: kitectl do METHOD [ARGS...]',
  },
  {
    args: { from: stringArg({ required: true }), to: stringArg({ required: true }) },
    argv: [],
    says: 'Missing arguments FROM TO. Usage: kitectl do FROM TO',
  },
  { argv: ['a'], says: 'Unexpected argument a. Usage: kitectl do' },
  {
    args: { path: stringArg() },
    argv: ['a', 'b', 'c'],
    says: 'Unexpected arguments b c. Usage: kitectl do [PATH]',
  },
  {
    args: { shell: stringArg({ options: ['bash', 'zsh'] }) },
    argv: ['tcsh'],
    says: 'SHELL is "tcsh"; it must be one of bash, zsh',
  },
  {
    flags: { name: string({ required: true }) },
    argv: [],
    says: 'Missing required flag: --name NAME',
  },
  {
    flags: {
      out: string({ required: true, helpValue: 'DIR' }),
      to: string({ required: true, options: ['a', 'b'] }),
    },
    argv: [],
    says: 'Missing required flag: --out DIR Missing required flag: --to a|b',
  },
  {
    flags: { yes: boolean<boolean | undefined>({ required: true }) },
    argv: [],
    says: 'Missing required flag: --yes',
  },
  {
    flags: { to: string({ options: ['a', 'b'] }) },
    argv: ['--to', 'c'],
    says: '--to is "c"; it must be one of a, b',
  },
  { flags: { to: string() }, argv: ['--to', 'a', '--to', 'b'], says: '--to can be used only once.' },
  { flags: { to: string() }, argv: ['--to'], says: '--to needs a value.' },
  {
    flags: { to: string({ options: ['a', 'b'] }) },
    argv: ['--to'],
    says: '--to needs a value: one of a, b.',
  },
  {
    flags: { parallel: integer({ min: 1, max: 9 }) },
    argv: ['--parallel', 'x'],
    says: '--parallel is "x"; it must be a whole number from 1 to 9',
  },
  {
    flags: { parallel: integer({ min: 1 }) },
    argv: ['--parallel', '0'],
    says: '--parallel is "0"; it must be a whole number from 1',
  },
  {
    flags: { parallel: integer({ max: 9 }) },
    argv: ['--parallel', '10'],
    says: '--parallel is "10"; it must be a whole number up to 9',
  },
  { flags: { even: even() }, argv: ['--even', '3'], says: '--even is "3"; it must be an even number' },
  { flags: { failing: failing() }, argv: ['--failing', '3'], says: '--failing: The parser has a bug' },
  {
    flags: { a: string({ exclusive: ['b'] }), b: boolean() },
    argv: ['--a', 'x=y', '--b'],
    says: '--a and --b cannot be used together.',
  },
  {
    flags: { a: boolean({ exclusive: ['b'] }), b: string() },
    argv: ['--a', '--b', 'x=y\nz'],
    says: '--a and --b cannot be used together.',
  },
  {
    flags: { a: string({ exactlyOne: ['a', 'b'] }), b: string({ exactlyOne: ['a', 'b'] }) },
    argv: ['--a', '1', '--b', '2'],
    says: '--a and --b cannot be used together.',
  },
  {
    flags: { a: string({ exactlyOne: ['a', 'b'] }), b: string() },
    argv: [],
    says: 'Pass exactly one of --a, --b.',
  },
  {
    flags: { a: string({ atLeastOne: ['a', 'b'] }), b: string() },
    argv: [],
    says: 'Pass at least one of --a, --b.',
  },
  {
    flags: { a: string({ dependsOn: ['b', 'c'] }), b: string(), c: string() },
    argv: ['--a', '1'],
    says: '--a needs --b and --c.',
  },
  {
    flags: { a: string({ relationships: [{ type: 'some', flags: ['b', 'c'] }] }), b: string(), c: string() },
    argv: ['--a', '1'],
    says: '--a needs --b or --c.',
  },
  {
    flags: { a: string({ combinable: ['b'] }), b: string(), c: string() },
    argv: ['--a', '1', '--c', '2'],
    says: '--a can be used only with --b.',
  },
];

async function mistakeOf({ flags = {}, args = {}, argv }: (typeof MISTAKES)[number]): Promise<unknown> {
  return parse([...argv], { flags, args }).catch((error: unknown) => error);
}

describe('errors of the oclif parser', () => {
  it.each(MISTAKES)('a parse error is reported as: $says', async (mistake) => {
    const { flags = {}, args = {}, says } = mistake;
    const error = fromParseError(await mistakeOf(mistake), { id: 'do', flags, args });
    expect({ message: error?.message, exitCode: error?.exitCode }).toEqual({
      message: says,
      exitCode: ExitCode.usage,
    });
  });

  it('a parse error is reported without the colors of oclif', async () => {
    const error = new Error('The following error occurred:\n  \u001B[2mMissing required flag name\u001B[22m');
    const parsed = fromParseError(Object.assign(error, { oclif: {} }), { id: 'do', flags: {}, args: {} });
    expect(parsed?.message).toBe('Missing required flag: --name NAME');
  });

  it('every class of parse errors in oclif is translated', async () => {
    const { resolve } = createRequire(import.meta.url);
    const found: string[] = [];
    for (const file of ['parse', 'validate', 'errors']) {
      const path = resolve('@oclif/core/parser').replace(/index\.js$/, `${file}.js`);
      const source = await readFile(path, 'utf8');
      const kinds = source.matchAll(
        /(?:reason: |message = |CLIError\()[`']([^`'$]*)|const reason = [`']([^`'$]*)/g,
      );
      found.push(...Array.from(kinds, ([, one = '', other = '']) => (one || other).trim()));
    }
    // A command line cannot cause those about variadic arguments; normalizeArgv finds nonexistent flags first.
    expect(found.toSorted()).toMatchInlineSnapshot(`
      [
        "--",
        "--",
        "All of the following must be provided when using --",
        "At least one of the following must be provided:",
        "Exactly one of the following must be provided:",
        "Expected",
        "Expected --",
        "Flag --",
        "Flag --",
        "Flag --",
        "Flag --",
        "Invalid argument spec",
        "Missing",
        "Missing required flag",
        "Nonexistent flag",
        "One of the following must be provided when using --",
        "Only the following can be provided when using --",
        "Parsing --",
        "The following",
        "The following",
        "Unexpected argument",
        "Unexpected flag",
        "args after a variadic arg must be required, but "",
        "args before a variadic arg must be required, but "",
        "only one variadic arg (multiple: true) is allowed",
      ]
    `);
  });

  it('errors of other kinds are not translated', () => {
    expect(fromParseError(new Error('Something else'), { id: 'do', flags: {}, args: {} })).toBeUndefined();
  });
});
