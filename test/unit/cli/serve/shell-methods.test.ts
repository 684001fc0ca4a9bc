import { describe, expect, it } from 'vitest';
import { execPath } from 'node:process';
import { WAITING_CALLS } from '../../../../src/lib/cli/runtime/command-limits.js';
import { ShellMethods } from '../../../../src/lib/cli/serve/shell-methods.js';
import type { Request } from '../../../../src/lib/index.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

describe('a served command', () => {
  it('a served command fails with requestLimitError if WAITING_CALLS calls wait for it', async () => {
    const shell = new ShellMethods({
      commands: new Map([
        ['wait', { command: `"${execPath}" -e "setInterval(() => {}, 1000)"`, result: 'auto' }],
      ]),
      env: { PATH: process.env['PATH'] },
      timeout: 0,
      parallel: 1,
      maxBytes: 1000,
      clock: new ManualClock(),
      logger: silentLogger,
    });
    const method = shell.methods().get('wait');
    const call = async (): Promise<unknown> =>
      method?.handler({
        args: [],
        username: 'bob',
        signal: new AbortController().signal,
      } as unknown as Request);
    const calls = Array.from({ length: 1 + WAITING_CALLS }, () => call().catch((error: unknown) => error));
    await expect(call()).rejects.toMatchObject({ type: 'requestLimitError' });
    await shell.close();
    expect(await calls.at(-1)).toMatchObject({ type: 'disconnect' });
  });
});
