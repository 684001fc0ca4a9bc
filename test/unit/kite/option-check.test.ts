import { describe, expect, it } from 'vitest';
import type { KiteOptions } from '../../../src/lib/kite/kite-options.js';
import { requireKiteOptions } from '../../../src/lib/kite/option-check.js';
import { isConfigurationError } from '../../../src/lib/protocol/errors.js';

/** Values of options that would be understood as something else: a string has parts, and "no" is true. */
const REFUSED: readonly (readonly [name: keyof KiteOptions, value: unknown])[] = [
  ...['bob', '', 5, null, {}, [5], ['']].map((value) => ['allowKiteKeysOf', value] as const),
  ...['square', '', 5, null, false, {}, [5]].map((value) => ['trustRemote', value] as const),
  ...['no', 'false', 0, 1, null].flatMap((value) =>
    (['disableAuthentication', 'concurrent', 'sessionCookie'] as const).map((name) => [name, value] as const),
  ),
  ...['returnMethod', '', null].map((value) => ['methodHandling', value] as const),
  ...['status', [5], null].map((value) => ['errorFields', value] as const),
  ...['everyone', true].map((value) => ['heartbeatFrom', value] as const),
  ...['kite.systemInfo', [5]].map((value) => ['systemMethods', value] as const),
  ...['/kite', [], [5]].map((value) => ['prefixes', value] as const),
];

console.log(`${REFUSED.length} values of options are refused`);

describe('requireKiteOptions', () => {
  it.each(REFUSED)('requireKiteOptions refuses the option %s with the value %j', (name, value) => {
    let error: unknown;
    try {
      requireKiteOptions({ [name]: value });
    } catch (thrown) {
      error = thrown;
    }
    expect(isConfigurationError(error)).toBe(true);
    expect((error as Error).message).toMatch(new RegExp(`^The option ${name} is .*; it must be `));
  });

  it('requireKiteOptions accepts what the types allow', () => {
    const accepted: readonly KiteOptions[] = [
      {},
      {
        allowKiteKeysOf: ['bob'],
        trustRemote: true,
        disableAuthentication: false,
        concurrent: true,
        sessionCookie: false,
        methodHandling: 'ReturnLatest',
        errorFields: [],
        heartbeatFrom: 'anyone',
        systemMethods: ['kite.systemInfo'],
        prefixes: ['/kite', '/other'],
      },
      { allowKiteKeysOf: 'any', trustRemote: ['square'] },
      { allowKiteKeysOf: [], trustRemote: [] },
    ];
    for (const options of accepted) expect(() => requireKiteOptions(options)).not.toThrow();
  });
});
