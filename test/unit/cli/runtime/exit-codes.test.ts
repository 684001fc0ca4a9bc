import { describe, expect, it } from 'vitest';
import { CliError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { ExitCode, exitCodeMeanings, formatExitCodes } from '../../../../src/lib/cli/runtime/exit-codes.js';

describe('the table of exit codes', () => {
  it('the table of exit codes explains every code once, in order', () => {
    const codes = exitCodeMeanings.map(({ code }) => code);
    expect(codes).toEqual(Object.values(ExitCode));
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
    for (const { code, meaning } of exitCodeMeanings)
      expect(formatExitCodes()).toContain(`${code}  ${meaning}\n`);
  });

  it('the table of exit codes contains the code of each error', () => {
    expect(new CliError('x', { exitCode: ExitCode.rateLimit, type: 'usage' }).exitCode).toBe(8);
  });
});
