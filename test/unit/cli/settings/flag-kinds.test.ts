import { string } from '@oclif/core/flags';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { durationBetween } from '../../../../src/lib/cli/settings/command-values.js';
import { optionalSwitch, valueFlag } from '../../../../src/lib/cli/settings/flag-kinds.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

const interval = valueFlag(durationBetween('100ms', '1h'));

describe('a flag with a typed value', () => {
  it('a typed flag returns the parsed value, its default, or undefined', async () => {
    const flags = { one: interval(), two: interval({ default: 2000 }), three: interval({ required: true }) };
    const parsed = await parseFlags(flags, '--three 1m');
    expect(parsed).toMatchObject({ two: 2000, three: 60_000 });
    expect(parsed.one).toBeUndefined();
    expectTypeOf(parsed.one).toEqualTypeOf<number | undefined>();
    expectTypeOf(parsed.two).toEqualTypeOf<number>();
    expectTypeOf(parsed.three).toEqualTypeOf<number>();
  });

  it.each(['99ms', '61m', 'soon', '-1s'])(
    'a typed flag rejects %s and lists the accepted values',
    async (value) => {
      await expect(parseFlags({ interval: interval() }, ['--interval', value])).rejects.toThrow(
        `--interval is "${value}"; it must be a duration from 100ms to 1h`,
      );
    },
  );
});

describe('an optional switch', () => {
  const flags = {
    tls: optionalSwitch({}),
    host: string({ dependsOn: ['tls'] }),
    strict: optionalSwitch({ dependsOn: ['tls'] }),
  };

  it('an optional switch is true or undefined', async () => {
    const parsed = await parseFlags(flags, '--tls');
    expect([parsed.tls, parsed.strict]).toEqual([true, undefined]);
    expectTypeOf(parsed.tls).toEqualTypeOf<boolean | undefined>();
  });

  it('an optional switch can depend on another flag, and be a dependency', async () => {
    await expect(parseFlags(flags, '--host localhost')).rejects.toThrow('--host needs --tls.');
    await expect(parseFlags(flags, '--strict')).rejects.toThrow('--strict needs --tls.');
    expect(await parseFlags(flags, '--tls --strict --host localhost')).toMatchObject({ host: 'localhost' });
  });
});
