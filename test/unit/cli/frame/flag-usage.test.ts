import { describe, expect, it } from 'vitest';
import { flagUsage, type UsageFlag } from '../../../../src/lib/cli/frame/flag-usage.js';

function flag(name: string, changes: Partial<UsageFlag> = {}): UsageFlag {
  return { name, type: 'boolean', ...changes };
}

describe('the flags of a usage line', () => {
  it('the usage shows the letter, the value and the repetition of a flag', () => {
    expect(
      flagUsage([
        flag('json'),
        flag('output', { char: 'o', type: 'option', helpValue: 'FORMAT' }),
        flag('color', { type: 'option', options: ['auto', 'never'] }),
        flag('method', { type: 'option', helpValue: 'NAME', multiple: true }),
        flag('bare', { type: 'option' }),
      ]),
    ).toEqual(['[--json]', '[-o FORMAT]', '[--color auto|never]', '[--method NAME...]', '[--bare <value>]']);
  });

  it('the usage shows required flags first and without brackets, and omits hidden flags', () => {
    const flags = [flag('force'), flag('name', { required: true }), flag('secret', { hidden: true })];
    expect(flagUsage(flags)).toEqual(['--name', '[--force]']);
  });

  it('the usage shows a flag within the brackets of the flag that it depends on', () => {
    const flags = [
      flag('parallel', { type: 'option', helpValue: 'N', dependsOn: ['stdin'] }),
      flag('stdin'),
      flag('ordered', { dependsOn: ['stdin'], exclusive: ['unordered'] }),
      flag('unordered', { dependsOn: ['stdin'] }),
    ];
    expect(flagUsage(flags)).toEqual(['[--stdin [--parallel N] [--ordered | --unordered]]']);
  });

  it('the usage shows flags that depend on each other together, with the flags that depend on them', () => {
    const flags = [
      flag('method', { dependsOn: ['exec'] }),
      flag('exec', { dependsOn: ['method'] }),
      flag('parallel', { dependsOn: ['exec'] }),
    ];
    expect(flagUsage(flags)).toEqual(['[--method --exec [--parallel]]']);
  });

  it('the usage shows a flag once that conflicts with several flags', () => {
    const flags = [
      flag('callback', { exclusive: ['stdin'] }),
      flag('interactive', { exclusive: ['stdin'] }),
      flag('stdin'),
    ];
    expect(flagUsage(flags)).toEqual(['[--callback | --stdin]', '[--interactive]']);
    expect(flagUsage(flags.toReversed())).toEqual(['[--stdin | --interactive]', '[--callback]']);
  });
});
